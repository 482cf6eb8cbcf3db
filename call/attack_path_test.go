package call

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/internal/sim"
)

// nowhere are candidates that a peer may not send us to.
var nowhere = []string{"127.0.0.1", "127.8.8.8", "::1", "0.0.0.0", "::", "224.0.0.251", "239.1.1.1", "ff02::fb", "169.254.169.254",
	"fe80::1", "255.255.255.255", "::ffff:127.0.0.1", "::ffff:169.254.1.1", "localhost", "metadata.example.org", "1.2.3", "0x7f000001"}

func hostCandidate(address string, port int) candidate {
	return candidate{MID: "0", Line: fmt.Sprintf("candidate:1 1 udp 2130706431 %s %d typ host", address, port)}
}

// TestAttackCandidatesIntoTheVictimsNetwork: candidates that point at the victim itself, at its link, at groups, or at names
// are refused, in the Accept, in the Welcome and in the call; no packet goes there. Of the others 32 are used.
// Mutations: media's Settings.allows that returns true; media without maxCandidates.
func TestAttackCandidatesIntoTheVictimsNetwork(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		v := s.person("v")
		p := s.peer(v)
		var mu sync.Mutex
		to := map[string]bool{}
		s.world.Tap(func(k sim.Packet) {
			host, _, _ := net.SplitHostPort(k.To)
			mu.Lock()
			defer mu.Unlock()
			if host != victimIP {
				to[host] = true
			}
		})
		c := s.victim(v).dial(t, p)
		p.rung()
		b := p.acceptOf()
		b.Candidates = nil
		for _, a := range nowhere {
			b.Candidates = append(b.Candidates, hostCandidate(a, 9))
		}
		b.Candidates = append(b.Candidates,
			candidate{"0", "candidate:1 1 tcp 1 9.9.9.9 9 typ host tcptype active"},
			candidate{"0", "candidate:1 2 udp 1 9.9.9.9 9 typ host"},
			candidate{"0", "a line that is none"}, candidate{"0", ""})
		bad := len(b.Candidates)
		p.send(msgAccept, b)
		p.hearWelcome()
		p.ack(true)
		for i := range 60 {
			p.says(uint64(i+1), inCandidate, encode(hostCandidate(fmt.Sprintf("9.9.9.%d", i+1), 9)))
		}
		time.Sleep(5 * time.Second)
		mu.Lock()
		defer mu.Unlock()
		for host := range to {
			if !bytes.HasPrefix([]byte(host), []byte("9.9.9.")) && host != hostileIP {
				t.Errorf("a packet to %s", host)
			}
		}
		if len(to) > 33 || len(to) < 10 {
			t.Errorf("packets to %d hosts", len(to))
		}
		if n := c.Stats().Media.Refused; n < uint64(bad+60-32-1) {
			t.Errorf("%d candidates were refused, of %d bad ones and 60", n, bad)
		}
	})
}

// TestPitfall04FingerprintInTheCall: a description in the call has the fingerprint of the leaf, and no other beside it; one
// with another ends the call.
// Mutations: describeOffered with a fingerprint from the description; describeApplied without its case of ErrFingerprint.
func TestPitfall04FingerprintInTheCall(t *testing.T) {
	for name, swap := range map[string]func([]byte) []byte{"another": otherDigit, "two": twoFingerprints} {
		t.Run(name, func(t *testing.T) {
			inCallWith(t, caller, func(t *testing.T, p *peer, c *Call) {
				sdp, err := p.conn.Describe(false)
				if err != nil {
					t.Fatal(err)
				}
				p.says(1, inDescribe, encode(describeBody{Kind: describeOffer, N: 1, SDP: swap([]byte(sdp))}))
				ended(t, c, AuthFailed, false)
			})
		})
	}
}

// TestAttackDescriptions: descriptions that are too long, none at all, of a number that was used, or an answer to nothing
// leave the call as it was.
// Mutations: check of describeBody without Kind or N; describeApplied that ends the call on any error.
func TestAttackDescriptions(t *testing.T) {
	inCallWith(t, caller, func(t *testing.T, p *peer, c *Call) {
		good, err := p.conn.Describe(false)
		if err != nil {
			t.Fatal(err)
		}
		seq := uint64(0)
		say := func(d describeBody) {
			seq++
			p.says(seq, inDescribe, encode(d))
			time.Sleep(50 * time.Millisecond)
		}
		dropped := c.Stats().Dropped
		say(describeBody{Kind: describeOffer, N: 1, SDP: bytes.Repeat([]byte("x"), maxSDP+1)})
		say(describeBody{Kind: 4, N: 1, SDP: []byte(good)})
		say(describeBody{Kind: describeOffer, N: 0, SDP: []byte(good)})
		if n := c.Stats().Dropped - dropped; n != 3 {
			t.Errorf("%d dropped, want 3", n)
		}
		say(describeBody{Kind: describeOffer, N: 1, SDP: []byte("no description")})
		say(describeBody{Kind: describeOffer, N: 2})
		say(describeBody{Kind: describeAnswer, N: 7, SDP: []byte(good)})
		say(describeBody{Kind: describeRefusal, N: 7})
		say(describeBody{Kind: describeOffer, N: 3, SDP: []byte(good), Streams: []stream{{Ctx: 1, MID: "0", Kind: 1, Codec: "opus"}, {Ctx: 1, MID: "0", Kind: 1, Codec: "PCMU"}}})
		say(describeBody{Kind: describeOffer, N: 4, SDP: []byte(good)})
		time.Sleep(20 * time.Second)
		if c.State() != StateConnected {
			t.Errorf("state %v: %v", c.State(), c.Err())
		}
	})
}

// TestAttackDescriptionsWhileConsentWaits: a flood of offers, while the user is asked about the first, is not kept.
// Mutation: inCall without its comparison with maxJobs.
func TestAttackDescriptionsWhileConsentWaits(t *testing.T) {
	inCallWith(t, caller, func(t *testing.T, p *peer, c *Call) {
		sdp, err := p.conn.Describe(false)
		if err != nil {
			t.Fatal(err)
		}
		block := make(chan struct{})
		waiting := 0
		c.post(task(func(l *loop) { l.worker.do(func(*worker) task { <-block; return nil }) }))
		for i := range uint64(300) {
			p.says(2*i+1, inDescribe, encode(describeBody{Kind: describeOffer, N: i + 1, SDP: []byte(sdp)}))
			p.says(2*i+2, inCandidate, encode(hostCandidate("9.9.9.9", 9)))
		}
		time.Sleep(5 * time.Second)
		done := make(chan struct{})
		c.post(task(func(l *loop) { waiting = l.worker.jobs.Len(); close(done) }))
		<-done
		close(block)
		if waiting > 2*maxJobs {
			t.Errorf("%d jobs wait", waiting)
		}
	})
}

// TestAttackFloodInTheCall: what the other side says while the application does not listen is kept up to a bound.
// Mutation: tell without kept.
func TestAttackFloodInTheCall(t *testing.T) {
	inCallWith(t, caller, func(t *testing.T, p *peer, c *Call) {
		big := bytes.Repeat([]byte("x"), maxChat)
		for i := range uint64(maxKept/maxChat + 64) {
			p.says(i+1, inChat, big)
			if i%32 == 0 {
				time.Sleep(20 * time.Millisecond)
			}
		}
		time.Sleep(time.Second)
		if held := c.kept.held.Load(); held > maxKept || held < maxKept/2 {
			t.Errorf("%d bytes are kept", held)
		}
		if c.Stats().Dropped == 0 || c.State() != StateConnected {
			t.Errorf("%+v, %v", c.Stats().Dropped, c.State())
		}
	})
}

// TestPitfall14NoDowngrade: an Invite of another version or suite is not taken at a lower one: it is declined, with what is
// supported, and does not ring. Also not by way of a glare.
// Mutations: supported that returns true; glare without supported.
func TestPitfall14NoDowngrade(t *testing.T) {
	for name, twist := range map[string]func(*inviteBody){
		"no frame encryption": func(b *inviteBody) { b.SFrameSuite = 0 },
		"short tags":          func(b *inviteBody) { b.SFrameSuite = 1 },
		"another MLS suite":   func(b *inviteBody) { b.MLSSuite = 1 },
		"no MLS":              func(b *inviteBody) { b.MLSSuite = 0 },
		"version 0":           func(b *inviteBody) { b.Version = 0 },
		"version 2":           func(b *inviteBody) { b.Version = 2 },
	} {
		for _, glare := range []bool{false, true} {
			onStage(t, func(t *testing.T, s *stage) {
				v := s.person("v")
				p := s.peer(v)
				client := s.victim(v)
				if glare {
					client.dial(t, p)
					p.want("the victim's Invite", msgInvite)
					p.call = [32]byte(bytes.Repeat([]byte{0xff}, 32)) // the higher id goes on
				}
				b := p.inviteOf()
				twist(&b)
				p.send(msgInvite, b)
				d, err := decode[declineBody](p.want("declined", msgDecline).message.Body, maxBody)
				if err != nil || EndReason(d.Reason) != Unsupported || len(d.MLSSuites) != 1 || d.MLSSuites[0] != uint16(callMLS) ||
					len(d.SFrameSuites) != 1 || d.SFrameSuites[0] != uint16(callSFrame) {
					t.Errorf("%s, glare %v: %+v, %v", name, glare, d, err)
				}
				client.quiet(t, name)
				if n := s.packets.Load(); n > 0 {
					t.Errorf("%s, glare %v: %d packets", name, glare, n)
				}
			})
		}
	}
}

// TestPitfall29WhoRings: what is shown of a caller: our label for a contact, whatever it calls itself; for a stranger its
// own name apart from that, and whom it resembles.
// Mutations: introduce without w.Contact(), or without Visible; who that takes the name from the Invite; resembles left out.
func TestPitfall29WhoRings(t *testing.T) {
	for _, tt := range []struct{ says, shown, changed, alike string }{
		{"label-of-the-peer", "label-of-the-peer", "label-of-the-peer", ""}, {"LABEL-of-the-PEER", "LABEL-of-the-PEER", "label-of-the-peer", ""},
		{"1abel-of-the-peer", "1abel-of-the-peer", "", "label-of-the-peer"}, {"Somebody", "Somebody", "", ""}, {"", "", "", ""},
		{"label-of-the-peer\u3164", "", "", ""}, {"\u202eBob", "", "", ""},
	} {
		onStage(t, func(t *testing.T, s *stage) {
			v := s.person("v")
			known, stranger := s.peer(v), s.stranger(v)
			stranger.door = known.door
			client := s.victim(v, func(c *Config) { c.Admit = InsecureAnyone(Limits{}) })
			b := stranger.inviteOf()
			b.Name = tt.says
			stranger.send(msgInvite, b)
			w := client.rung(t).Caller()
			if w.Contact() || w.Name != "" || !w.Verified.IsZero() || w.Claimed != tt.shown || w.KeyChanged != tt.changed || w.LookAlike != tt.alike {
				t.Errorf("the stranger %q is shown as %+v", tt.says, w)
			}
			b = known.inviteOf()
			b.Name = "your bank"
			known.send(msgInvite, b)
			if w := client.rung(t).Caller(); !w.Contact() || w.Name != "label-of-the-peer" || w.Claimed != "" || w.KeyChanged+w.LookAlike != "" {
				t.Errorf("the contact is shown as %+v", w)
			}
		})
	}
}

// TestPitfall02NoAddressForAStranger: a stranger who is answered by somebody without a TURN server learns no address: there is
// no call.
// Mutation: Config.settings without RelayOnly for strangers.
func TestPitfall02NoAddressForAStranger(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		v := s.person("v")
		known, p := s.peer(v), s.stranger(v)
		p.door = known.door
		client := s.victim(v, func(c *Config) { c.Admit = InsecureAnyone(Limits{}) })
		p.rings()
		in := client.rung(t)
		if _, err := in.Answer(t.Context(), Media{Receive: discard}); err != nil && !errors.Is(err, ErrEnded) {
			t.Fatal(err)
		}
		p.wantDecline("there is no way that hides the victim", Declined)
		ended(t, in.call, MediaFailed, false)
		if n := s.packets.Load(); n > 0 {
			t.Errorf("%d packets", n)
		}
	})
}
