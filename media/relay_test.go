package media

import (
	"bytes"
	"net"
	"net/netip"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/turn/v5"

	"github.com/sotto-calls/sotto/internal/sim"
)

// natPair is two sides behind NATs with a relay at 9.9.9.9.
func natPair(t *testing.T, w *sim.World, kind sim.NATKind, relayOnly bool) *pair {
	stun, turnURL := w.Relay("9.9.9.9", "user", "secret")
	settings := func(public, private string) Settings {
		return Settings{
			Net: w.NAT(kind, public).Host(private), RelayOnly: relayOnly,
			ICEServers: []ICEServer{{URLs: []string{stun}}, {URLs: []string{turnURL}, Username: "user", Credential: "secret"}},
		}
	}
	p := newPair(t, settings("5.5.5.5", "10.0.0.5"), settings("6.6.6.6", "10.0.0.6"))
	p.net = w
	p.oneWay = 20 * time.Millisecond
	return p
}

// TestThroughNATs: cone NATs are crossed directly, symmetric ones by the relay, and a relay-only call by the relay always.
func TestThroughNATs(t *testing.T) {
	for _, tt := range []struct {
		name      string
		kind      sim.NATKind
		relayOnly bool
		local     string
	}{{"cone", sim.Cone, false, "srflx"}, {"symmetric", sim.Symmetric, false, "relay"}, {"relay only", sim.Cone, true, "relay"}} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := sim.NewWorld(t, sim.Link{OneWay: 20 * time.Millisecond})
				p := natPair(t, w, tt.kind, tt.relayOnly)
				audio, video := newSource(Audio, 200, 100), newSource(Video, 100, 3000)
				p.dial(t, []Source{audio, video}, nil, both, both)
				start := time.Now()
				p.connected(t)
				t.Logf("connected %v after the last candidate", time.Since(start))
				time.Sleep(6 * time.Second)
				stats := p.a.conn.Stats()
				if !strings.Contains(stats.Local+stats.Remote, tt.local) || tt.relayOnly && stats.Local != "relay" {
					t.Errorf("path %s to %s", stats.Local, stats.Remote)
				}
				p.close()
				wantFrames(t, "audio", p.b.sinkOf("0"), audio)
				wantFrames(t, "video", p.b.sinkOf("1"), video)
			})
		})
	}
}

// TestRelayOnlyShowsNoAddress: nothing that either side hands out, and nothing that travels between the relay and the
// peer, holds an address of the other.
func TestRelayOnlyShowsNoAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := sim.NewWorld(t, sim.Link{OneWay: 20 * time.Millisecond})
		p := natPair(t, w, sim.Cone, true)
		var mu sync.Mutex
		leaks := 0
		ofA := [][]byte{{5, 5, 5, 5}, {10, 0, 0, 5}, []byte("5.5.5.5"), []byte("10.0.0.5")}
		for _, x := range ofA[:2] { // as STUN writes addresses
			ofA = append(ofA, []byte{x[0] ^ 0x21, x[1] ^ 0x12, x[2] ^ 0xa4, x[3] ^ 0x42})
		}
		w.Tap(func(pk sim.Packet) {
			mu.Lock()
			defer mu.Unlock()
			// What travels to b is STUN in clear, as far as it could name an address, and ciphertext.
			if strings.HasPrefix(pk.To, "6.6.6.6") && len(pk.Data) > 1 && pk.Data[0] < 4 {
				for _, x := range ofA {
					if bytes.Contains(pk.Data, x) {
						leaks++
					}
				}
			}
			if strings.HasPrefix(pk.From, "5.5.5.5") && strings.HasPrefix(pk.To, "6.6.6.6") {
				t.Error("a packet went straight")
			}
		})
		sent := negotiateTexts(t, p)
		p.connected(t)
		time.Sleep(3 * time.Second)
		offer, err := p.a.conn.Describe(true)
		check(t, err)
		answer, err := p.b.conn.Apply(offer, p.a.cert.Fingerprint(), nil)
		check(t, err)
		time.Sleep(time.Second)
		sent += offer + answer
		for _, s := range []*side{p.a, p.b} {
			for _, e := range s.seen() {
				if c, ok := e.(CandidateFound); ok {
					sent += c.Candidate.Line + "\n"
				}
			}
		}
		for _, text := range regexp.MustCompile(`[0-9a-fA-F:.]{4,}`).FindAllString(sent, -1) {
			addr, err := netip.ParseAddr(text)
			if err == nil && addr.String() != "9.9.9.9" && !addr.IsUnspecified() {
				t.Errorf("an address was handed out: %v", addr)
			}
		}
		if !strings.Contains(sent, "raddr 0.0.0.0 rport 9") || strings.Contains(sent, "typ host") || strings.Contains(sent, "typ srflx") {
			t.Errorf("candidates: %s", sent)
		}
		if leaks != 0 {
			t.Errorf("%d packets to b hold an address of a", leaks)
		}
	})
}

// negotiateTexts dials and returns both descriptions as they travelled.
func negotiateTexts(t *testing.T, p *pair) string {
	offer, err := p.a.conn.Offer([]Source{newSource(Audio, 1<<20, 100)}, both)
	check(t, err)
	answer, err := p.b.conn.Answer(offer, p.a.cert.Fingerprint(), nil, both)
	check(t, err)
	check(t, p.a.conn.Accept(answer, p.b.cert.Fingerprint()))
	p.a.conn.Start()
	for _, dir := range [][2]*side{{p.a, p.b}, {p.b, p.a}} {
		for _, c := range dir[0].candidates() {
			check(t, dir[1].conn.AddCandidate(c))
		}
	}
	return offer + answer
}

// tcpRelay is a TURN server over TCP.
func tcpRelay(t *testing.T) (address string) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	check(t, err)
	const realm = "test"
	server, err := turn.NewServer(turn.ServerConfig{
		Realm: realm, LoggerFactory: logFactory{},
		AuthHandler: func(a *turn.RequestAttributes) (string, []byte, bool) {
			return a.Username, turn.GenerateAuthKey("u", realm, "p"), true
		},
		ListenerConfigs: []turn.ListenerConfig{{
			Listener: listener,
			RelayAddressGenerator: &turn.RelayAddressGeneratorStatic{
				RelayAddress: net.IPv4(127, 0, 0, 1), Address: "127.0.0.1",
			},
		}},
	})
	check(t, err)
	t.Cleanup(func() { check(t, server.Close()) })
	return listener.Addr().String()
}

// TestRaddrOverTCPTURN: the layer below puts the local socket into raddr and rport of relay candidates, over TCP too;
// what leaves says 0.0.0.0 and 9. On real sockets, since the virtual network has no TCP. The mutation that makes it fail:
// pass the line of the layer below on in Settings.outgoing.
func TestRaddrOverTCPTURN(t *testing.T) {
	relay := tcpRelay(t)
	settings := Settings{RelayOnly: true, Loopback: true, ICEServers: []ICEServer{{
		URLs: []string{"turn:" + relay + "?transport=tcp"}, Username: "u", Credential: "p",
	}}}
	p := newPair(t, settings, settings)
	audio := newSource(Audio, 50, 100)
	p.dial(t, []Source{audio}, nil, both, both)
	p.connected(t)
	for _, s := range []*side{p.a, p.b} {
		lines := s.candidates()
		if len(lines) == 0 {
			t.Fatal("no candidate")
		}
		for _, c := range lines {
			if !strings.Contains(c.Line, " typ relay raddr 0.0.0.0 rport 9") {
				t.Errorf("%s", c.Line)
			}
		}
	}
	check(t, p.a.conn.Drain(t.Context()))
	p.close()
	if n := arrived(t, "audio", p.b.sinkOf("0"), audio); n != audio.count {
		t.Errorf("%d frames", n)
	}
}
