package media

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/internal/sim"
)

// ourOffer is an offer of this package, to take apart.
func ourOffer(t testing.TB) (*side, string) {
	t.Helper()
	s := newSide(t, Settings{LAN: true}, false, newVault(1), newVault(2))
	t.Cleanup(s.close)
	offer, err := s.conn.Offer([]Source{newSource(Audio, 1, 1)}, both)
	check(t, err)
	return s, offer
}

// TestDescriptionRules: each rule refuses what breaks it, with the right error.
func TestDescriptionRules(t *testing.T) {
	s, offer := ourOffer(t)
	replace := func(old, with string) string {
		if !strings.Contains(offer, old) {
			t.Fatalf("no %q in\n%s", old, offer)
		}
		return strings.ReplaceAll(offer, old, with)
	}
	other, err := NewCertificate()
	check(t, err)
	long := strings.Repeat("a=x:"+strings.Repeat("y", 1000)+"\r\n", 20)
	for _, tt := range []struct {
		name, text string
		want       error
	}{
		{"as it is", offer, nil},
		{"unknown attributes", offer + "a=unheard:of\r\n", nil},
		{"another codec beside", replace("m=audio 9 UDP/TLS/RTP/SAVPF 111", "m=audio 9 UDP/TLS/RTP/SAVPF 111 9"), nil},
		{"empty", "", ErrDescription},
		{"too long", offer + long, ErrDescription},
		{"no fingerprint", swap(offer, s.cert, nil), ErrFingerprint},
		{"two fingerprints", offer + fingerprintLine(other), ErrFingerprint},
		{"fingerprint twice", offer + fingerprintLine(s.cert), nil},
		{"sha-1", replace("sha-256 ", "sha-1 "), ErrFingerprint},
		{"cut fingerprint", replace("sha-256 ", "sha-256 00:"), ErrFingerprint},
		{"no Opus", replace("opus/48000/2", "G722/8000"), nil},
		{"no sound that we know", strings.NewReplacer("opus/48000/2", "G722/8000", "PCMU/8000", "L16/8000", "PCMA/8000", "GSM/8000").Replace(offer), ErrCodec},
		{"no VP8", replace("VP8/90000", "H265/90000"), nil},
		{"no video codec", strings.NewReplacer("VP8/", "H265/", "VP9/", "H266/", "H264/", "H263/", "AV1/", "AV2/").Replace(offer), ErrCodec},
		{"Opus without its format", replace("m=audio 9 UDP/TLS/RTP/SAVPF 111 63 0 8", "m=audio 9 UDP/TLS/RTP/SAVPF 9"), ErrCodec},
		{"plain RTP", replace("UDP/TLS/RTP/SAVPF", "RTP/AVP"), ErrDescription},
		{"SDES", offer + "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\r\n", ErrDescription},
		{"simulcast", offer + "a=simulcast:send a;b\r\n", ErrDescription},
		{"no mux", replace("a=rtcp-mux\r\n", ""), ErrDescription},
		{"no mid", replace("a=mid:0\r\n", ""), ErrDescription},
		{"mid twice", replace("a=mid:1\r\n", "a=mid:0\r\n"), ErrDescription},
		{"hostile mid", replace("a=mid:1\r\n", "a=mid:<b>\r\n"), ErrDescription},
		{"not bundled", replace("BUNDLE 0 1 2", "BUNDLE 0 2"), ErrDescription},
		{"no channel", offer[:strings.Index(offer, "m=application")], ErrDescription},
		{"text", replace("m=audio", "m=text"), ErrDescription},
		{"short password", replace("a=ice-pwd:", "a=ice-pwd:x\r\na=was:"), ErrDescription},
		{"ICE lite", strings.Replace(offer, "m=audio", "a=ice-lite\r\nm=audio", 1), ErrDescription},
		{"SSRC 0", offer + "a=ssrc:0 cname:x\r\n", ErrDescription},
		{"many SSRCs", offer + manySSRCs(9), ErrDescription},
		{"sends unnamed", strings.ReplaceAll(replace("a=ssrc:", "a=was:"), "a=recvonly", "a=sendrecv"), ErrDescription},
	} {
		if _, err := parseDescription(tt.text, rules); !errors.Is(err, tt.want) || tt.want == nil && err != nil {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

func manySSRCs(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("a=ssrc:" + strings.Repeat("1", i+1) + " cname:x\r\n")
	}
	return b.String()
}

// TestPitfall03HostileDescription: what is refused changes nothing; the right description is still taken afterwards.
func TestPitfall03HostileDescription(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p := simPair(t, sim.Link{OneWay: time.Millisecond})
		audio := newSource(Audio, 50, 100)
		offer, err := p.a.conn.Offer([]Source{audio}, both)
		check(t, err)
		for _, text := range []string{"", "v=0", strings.Repeat("m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n", 1000), offer[:len(offer)/2]} {
			if _, err := p.b.conn.Answer(text, p.a.cert.Fingerprint(), nil, both); err == nil {
				t.Errorf("%.20q was taken", text)
			}
		}
		answer, err := p.b.conn.Answer(offer, p.a.cert.Fingerprint(), nil, both)
		check(t, err)
		for _, text := range []string{
			"", offer, strings.Replace(answer, "setup:active", "setup:passive", 3), strings.Replace(answer, "mid:0", "mid:7", 1),
			answer[:strings.Index(answer, "m=video")],
		} {
			if err := p.a.conn.Accept(text, p.b.cert.Fingerprint()); err == nil {
				t.Errorf("%.20q was taken", text)
			}
		}
		check(t, p.a.conn.Accept(answer, p.b.cert.Fingerprint()))
		p.a.conn.Start()
		for _, c := range p.b.candidates() {
			check(t, p.a.conn.AddCandidate(c))
		}
		for i := range 100 {
			err := p.a.conn.AddCandidate(Candidate{Line: fmt.Sprintf("candidate:1 1 udp 1 203.0.113.9 %d typ host", 1000+i)})
			if again := p.a.conn.AddCandidate(Candidate{Line: "candidate:1 1 udp 1 203.0.113.9 1000 typ host"}); i < 16 && again != nil {
				t.Fatalf("the same candidate again: %v", again)
			}
			if i >= maxCandidates && !errors.Is(err, ErrCandidate) {
				t.Fatalf("candidate %d: %v", i, err)
			}
		}
		p.connected(t)
		time.Sleep(2 * time.Second)
		wantFrames(t, "audio", p.b.sinkOf("0"), audio)
	})
}

// TestUnreadableInADescription: what the layer below cannot read is left out and the rest negotiated, also in the first
// section of a kind; were it refused there, the connection could not be described any more. The mutation that makes it fail:
// dropUnreadable that does nothing.
func TestUnreadableInADescription(t *testing.T) {
	added := "m=video 9 UDP/TLS/RTP/SAVPF 96"
	for _, tt := range []struct{ old, with string }{
		{added, "m=video 9 UDP/TLS/RTP/SAVPF 300 96"},
		{added, "m=video 9 UDP/TLS/RTP/SAVPF 13 096 x 96"},
		{"a=rtpmap:96 VP8", "a=rtpmap:096 H265/90000\r\na=rtpmap:96 VP8"},
		{"apt=96", "apt=x"},
		{"a=rtcp-mux", "a=extmap:x\r\na=extmap:300 urn:x\r\na=rtcp-mux"},
	} {
		synctest.Test(t, func(t *testing.T) {
			_, p := simPair(t, sim.Link{OneWay: time.Millisecond})
			p.dial(t, []Source{newSource(Audio, 1, 1)}, nil, Kinds{}, Kinds{Audio: true})
			p.connected(t)
			video := newSource(Video, 30, 100)
			info, err := p.a.conn.AddTrack(video)
			check(t, err)
			offer, err := p.a.conn.Describe(false)
			check(t, err)
			if !strings.Contains(offer, tt.old) {
				t.Fatalf("no %q in\n%s", tt.old, offer)
			}
			answer, err := p.b.conn.Apply(strings.ReplaceAll(offer, tt.old, tt.with), p.a.cert.Fingerprint(), all)
			if err != nil {
				t.Fatalf("%q: %v", tt.with, err)
			}
			check(t, p.a.conn.Described(answer, p.b.cert.Fingerprint()))
			describe(t, p.b, p.a, false, nil)
			time.Sleep(3 * time.Second)
			if n := len(p.b.sinkOf(info.MID).all()); n != video.count {
				t.Errorf("%q: %d frames", tt.with, n)
			}
		})
	}
}

// FuzzDescription: nothing unknown passes through a description, in whatever order its lines stand.
func FuzzDescription(f *testing.F) {
	_, offer := ourOffer(f)
	f.Add(offer)
	f.Add(strings.Replace(offer, "a=sendrecv", "a=candidate:1 1 udp 1 10.0.0.1 5 typ host\r\na=sendonly", 1))
	if dir := os.Getenv("SOTTO_VECTORS"); dir != "" {
		files, err := filepath.Glob(filepath.Join(dir, "sdp", "*", "*"))
		check(f, err)
		for _, name := range files {
			if b, err := os.ReadFile(name); err == nil && len(b) <= maxDescription {
				f.Add(string(b))
			}
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		without(t, text)
		d, err := parseDescription(text, rules)
		if err != nil {
			if !errors.Is(err, ErrDescription) && !errors.Is(err, ErrFingerprint) && !errors.Is(err, ErrCodec) {
				t.Fatal(err)
			}
			return
		}
		out, err := d.write("active", func(int, sectionLine) (bool, bool) { return true, false })
		if err != nil {
			return
		}
		again, err := parseDescription(out, rules)
		if err != nil {
			t.Fatalf("what was written is not read: %v\n%s", err, out)
		}
		if again.fingerprint != d.fingerprint || !slices.Equal(again.names(), d.names()) || again.ufrag != d.ufrag || len(again.candidates) != 0 {
			t.Fatalf("read back differently:\n%s", out)
		}
		for _, line := range strings.Split(out, "\r\n") {
			if strings.HasPrefix(line, "c=") && line != "c=IN IP4 0.0.0.0" || strings.HasPrefix(line, "o=") && !strings.HasSuffix(line, " IN IP4 0.0.0.0") {
				t.Fatal(line)
			}
		}
	})
}

// without checks that a description that leaves out its video is one without video, and the rest of it.
func without(t *testing.T, text string) {
	d, err := parseDescription(text, rules)
	if err != nil {
		return
	}
	want := slices.DeleteFunc(d.names(), func(name string) bool { return strings.HasPrefix(name, Video.String()) })
	d.without(func(s sectionLine) bool { return s.kind == Video })
	out, err := d.write("active", func(int, sectionLine) (bool, bool) { return true, false })
	if err != nil {
		return
	}
	again, err := parseDescription(out, rules)
	if errors.Is(err, ErrFingerprint) {
		return // it stood in a section that was left out
	}
	if err != nil || !slices.Equal(again.names(), want) || strings.Contains(out, "m=video") {
		t.Fatalf("%v: want %v in\n%s", err, want, out)
	}
}
