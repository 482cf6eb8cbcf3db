package main

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/e2ee/keystore"
	"github.com/sotto-calls/sotto/internal/netns"
)

// newNamespaceStage puts dial at host A, echobot at host B, and the relay in the middle. The relay is spoken to without
// TLS, so that captures show all that a relay sees.
func newNamespaceStage(t *testing.T) (*stage, *netns.World) {
	w := netns.New(t)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("datagrams lost in full sockets: %v", w.Overflows())
		}
	})
	s := newStage(t)
	where := map[string]netns.Place{"relay": netns.Middle, "dial": netns.HostA, "echobot": netns.HostB}
	s.command = func(role, name string, args ...string) *exec.Cmd { return w.Command(where[role], name, args...) }
	s.extra = []string{"-insecure-plaintext", "-debug"}
	return s, w
}

// A call between two NATs that only TURN crosses, captured on every link. First dial uses whatever way there is, then
// the relay alone.
func TestCallBetweenNATs(t *testing.T) {
	s, w := newNamespaceStage(t)
	clip := generated(t, s.dir, 3)
	turn := s.path("turn-secret")
	if err := os.WriteFile(turn, []byte("a secret of relay and TURN server"), 0o600); err != nil {
		t.Fatal(err)
	}
	captures := [2]string{s.path("first"), s.path("second")}
	for _, dir := range captures {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	tap := w.Capture(captures[0])
	s.startRelay("-listen", netns.MiddleAddress+":7000", "-turn-secret-file", turn)
	bot := s.startBot(s.path("rec"))
	invitation := s.invitation(bot, 1)
	d := s.dial("me", "bot", append(append(s.meet(bot, 1), clip.flags()...), "-out", s.path("out"))...)
	if status := d.wait(30 * time.Second); status != 0 {
		t.Fatalf("dial ended with status %d", status)
	}
	arrived(t, s, d, bot, clip, 1)
	needles := secrets(t, s, clip, invitation, turn)
	w.Datagram(netns.HostA, leak(t, s, clip, invitation, turn))
	nothingLeaks(t, tap.End(), needles)
	tap = w.Capture(captures[1])
	d = s.dial("me", "bot", append(clip.flags(), "-relay-only", "-out", s.path("out2"))...)
	if status := d.wait(30 * time.Second); status != 0 {
		t.Fatalf("dial -relay-only ended with status %d", status)
	}
	arrived(t, s, d, bot, clip, 2)
	relayOnlyHides(t, tap.End(), bot)
}

// arrived wants the n-th call to have brought every frame there and back.
func arrived(t *testing.T, s *stage, d, bot *process, clip source, n int) {
	t.Helper()
	r := s.result(d)
	video, audio := len(frames(t, clip.video, false)), len(frames(t, clip.audio, false))
	if r.Local != "relay" && r.Remote != "relay" {
		t.Errorf("the media went by %s to %s, which no NAT here lets through", r.Local, r.Remote)
	}
	for _, f := range []struct {
		flow
		want int
	}{{r.Video, video}, {r.Audio, audio}} {
		if f.Sent != uint64(f.want) || f.Opened != f.Sent || f.Failed+f.Missing+f.Unsealed != 0 {
			t.Errorf("of %d frames: %+v", f.want, f.flow)
		}
	}
	_, at := bot.err.line(t, 0, fmt.Sprintf("recorded %d frames of video", video), slow)
	if n == 2 {
		bot.err.line(t, at+1, fmt.Sprintf("recorded %d frames of video", video), slow)
	}
	rec := s.recording(s.path("rec"), n)
	for _, f := range [][2]string{{filepath.Join(rec, "video.ivf"), clip.video}, {filepath.Join(rec, "audio.ogg"), clip.audio},
		{r.Recording.Video, clip.video}, {r.Recording.Audio, clip.audio}} {
		same(t, f[0], f[1])
	}
	probe(t, filepath.Join(rec, "video.ivf"), video)
	probe(t, filepath.Join(rec, "audio.ogg"), audio)
}

// sdp is what no description could do without.
var sdp = []string{"a=fingerprint", "a=ice-ufrag:", "a=ice-pwd:", "m=audio 9", "m=video 9", "a=setup:", "a=rtpmap:", "candidate:",
	" typ relay", " typ srflx", "IN IP4 0.0.0.0", "UDP/TLS/RTP/SAVPF"}

// secrets is what no link may show: each part of each frame, keys, names and descriptions.
func secrets(t *testing.T, s *stage, clip source, invitation, turn string) (needles []netns.Needle) {
	t.Helper()
	for i, path := range []string{clip.video, clip.audio} {
		what := []string{"a picture", "a sound"}[i]
		for _, f := range frames(t, path, false) {
			needles = append(needles, netns.Blocks(what, f)...)
		}
	}
	if len(needles) < 1000 {
		t.Fatalf("%d needles: the clip is too simple", len(needles))
	}
	for what, b := range keys(t, s, invitation, turn) {
		needles = append(needles, netns.Needle{What: what, Bytes: b})
	}
	for _, text := range append(sdp, botName, dialName, passphrase) {
		needles = append(needles, netns.Needle{What: text, Bytes: []byte(text)})
	}
	return needles
}

// keys are the private keys of both identities, what the invitation keeps for the two, and the TURN server's secret.
func keys(t *testing.T, s *stage, invitation, turn string) map[string][]byte {
	t.Helper()
	out := make(map[string][]byte)
	for _, who := range []string{"bot", "me"} {
		sealed, err := keystore.ReadFile(s.path(who))
		if err != nil {
			t.Fatal(err)
		}
		plain, err := keystore.Open([]byte(passphrase), keystore.IdentityKind, sealed)
		if err != nil || len(plain) != 65 {
			t.Fatalf("identity of %s: %d bytes, %v", who, len(plain), err)
		}
		out[who+"'s signing key"], out[who+"'s sealing key"] = plain[1:33], plain[33:]
	}
	out["the invitation's secret"] = invitationSecret(t, invitation)
	secret, err := os.ReadFile(turn)
	if err != nil {
		t.Fatal(err)
	}
	out["the TURN secret"] = secret
	return out
}

// leak is one datagram with something of each kind.
func leak(t *testing.T, s *stage, clip source, invitation, turn string) []byte {
	t.Helper()
	picture, sound := frames(t, clip.video, false)[0], frames(t, clip.audio, false)[10]
	b := append([]byte{}, picture[:480]...)
	b = append(b, sound[:64]...)
	for _, k := range keys(t, s, invitation, turn) {
		b = append(b, k...)
	}
	return append(b, strings.Join(append(sdp, botName, dialName, passphrase), "\r\n")...)
}

// nothingLeaks searches every link: nothing is found but in the datagram that was leaked on purpose, and there everything.
func nothingLeaks(t *testing.T, links map[string][]netns.Packet, needles []netns.Needle) {
	t.Helper()
	kinds := make(map[string]bool)
	for _, n := range needles {
		kinds[n.What] = true
	}
	for link, packets := range links {
		texts := netns.Texts(packets)
		leaked := make(map[string]bool)
		for _, hit := range netns.Search(texts, needles) {
			// ICMP says that nobody listens there, and quotes it.
			icmp := hit.Protocol == 0 && hit.From.Addr().String() == netns.MiddleAddress
			if icmp || hit.Protocol == 17 && hit.To.Port() == 9 {
				leaked[hit.What] = true
				continue
			}
			t.Errorf("%s shows %v", link, hit)
		}
		onTheWay := link == "lana" || link == "wana"
		if onTheWay && len(leaked) != len(kinds) {
			t.Errorf("%s: the search finds %d of %d kinds of what was leaked on purpose: %v", link, len(leaked), len(kinds), leaked)
		}
		if !onTheWay && len(leaked) != 0 {
			t.Errorf("%s shows what was leaked elsewhere: %v", link, leaked)
		}
		if media := datagrams(packets); media < 300 {
			t.Errorf("%s carried %d datagrams: not the call", link, media)
		}
	}
}

func datagrams(packets []netns.Packet) (n int) {
	for _, p := range packets {
		if p.Protocol == 17 {
			n++
		}
	}
	return n
}

// relayOnlyHides wants nothing that reaches echobot to tell where dial is. Echobot did not ask for the same, so that its
// own address is what the search must find at dial's side.
func relayOnlyHides(t *testing.T, links map[string][]netns.Packet, bot *process) {
	t.Helper()
	here, there := netns.Texts(links["lanb"]), netns.Texts(links["lana"])
	for _, a := range []string{netns.AddressA, netns.PublicAddressA} {
		if hits := netns.SearchAddress(here, netip.MustParseAddr(a)); len(hits) > 0 {
			t.Errorf("echobot's link shows dial's address: %v", hits)
		}
	}
	first, second := lastCall(bot.err.text())
	if !strings.Contains(first, netns.PublicAddressA) {
		t.Error("echobot's log of the first call does not show dial's address, which it was told: the log proves nothing")
	}
	for _, a := range []string{netns.AddressA, netns.PublicAddressA} {
		if strings.Contains(second, a) {
			t.Errorf("echobot was told %s", a)
		}
	}
	if hits := netns.SearchAddress(there, netip.MustParseAddr(netns.PublicAddressB)); len(hits) == 0 {
		t.Error("the search does not find echobot's address on dial's link, where it must be")
	}
}

// lastCall cuts echobot's log where the last call rings.
func lastCall(log string) (before, last string) {
	i := strings.LastIndex(log, "rings, ")
	if i < 0 {
		return log, ""
	}
	return log[:i], log[i:]
}
