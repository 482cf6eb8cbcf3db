package call

import (
	"testing"
	"time"
)

// Two devices of Bob's read one mailbox; Alice rings.
type household struct {
	alice *Call
	bob   [2]*Incoming
}

// atHome lets Alice ring Bob's two devices, and runs f while both ring.
func atHome(t *testing.T, f func(t *testing.T, h household)) {
	t.Helper()
	onStage(t, func(t *testing.T, s *stage) {
		alice, bob := s.person("alice"), s.person("bob")
		toBob := alice.knows(t, bob, "Bob")
		bob.knows(t, alice, "Alice")
		ringing := s.victim(alice, func(c *Config) { c.Media.Net = s.world.Host("1.2.3.7") })
		first := s.victim(bob, func(c *Config) { c.Media.Net = s.world.Host("1.2.3.5") })
		second := s.victim(bob, func(c *Config) { c.Media.Net = s.world.Host("1.2.3.6") })
		c, err := ringing.Dial(t.Context(), toBob, Media{Receive: discard})
		if err != nil {
			t.Fatal(err)
		}
		h := household{alice: c, bob: [2]*Incoming{first.rung(t), second.rung(t)}}
		next[Ringing](t, c)
		f(t, h)
	})
}

// TestTheFirstDeviceToAnswerTakesTheCall: the other one hears that it was answered elsewhere, and the one that answered does
// not take this for its own end. Mutations: grouped without fxCancel (the second device rings on), cancelled without the
// comparison of Winner (nobody is left).
func TestTheFirstDeviceToAnswerTakesTheCall(t *testing.T) {
	for winner := range 2 {
		atHome(t, func(t *testing.T, h household) {
			c, err := h.bob[winner].Answer(t.Context(), Media{Receive: discard})
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			ended(t, h.bob[1-winner].call, AnsweredElsewhere, true)
			if took := time.Since(start); took > time.Second {
				t.Errorf("the other device has rung for %v", took)
			}
			next[Connected](t, c)
			next[Connected](t, h.alice)
			ae, _ := h.alice.Emoji()
			if be, ok := c.Emoji(); !ok || ae != be {
				t.Errorf("emoji %v and %v", ae, be)
			}
			time.Sleep(30 * time.Second)
			if c.State() != StateConnected || h.alice.State() != StateConnected {
				t.Errorf("%v and %v half a minute later", h.alice.State(), c.State())
			}
		})
	}
}

// TestBothDevicesAnswerAtOnce: whichever Accept comes first wins; there is one call, and the other device is told.
// Mutation: accepted that takes an Accept in StateConnecting, or that ends the call on a second one.
func TestBothDevicesAnswerAtOnce(t *testing.T) {
	atHome(t, func(t *testing.T, h household) {
		var calls [2]*Call
		for i, in := range h.bob {
			var err error
			if calls[i], err = in.Answer(t.Context(), Media{Receive: discard}); err != nil {
				t.Fatal(err)
			}
		}
		next[Connected](t, h.alice)
		time.Sleep(3 * time.Second)
		won := 0
		for i, c := range calls {
			switch c.State() {
			case StateConnected:
				won++
			case StateEnded:
				ended(t, c, AnsweredElsewhere, true)
			default:
				t.Errorf("device %d is %v", i, c.State())
			}
		}
		if won != 1 || h.alice.State() != StateConnected || len(h.alice.Roster()) != 2 {
			t.Errorf("%d devices are in the call, Alice is %v with %d members", won, h.alice.State(), len(h.alice.Roster()))
		}
	})
}

// TestADeclineStopsTheOtherDevices: no is no, on all of them. Mutation: takeAsCaller without fxCancel at a Decline.
func TestADeclineStopsTheOtherDevices(t *testing.T) {
	for _, reason := range []DeclineReason{DeclineCall, DeclineBusy} {
		atHome(t, func(t *testing.T, h household) {
			start := time.Now()
			if err := h.bob[0].Decline(t.Context(), reason); err != nil {
				t.Fatal(err)
			}
			ended(t, h.alice, EndReason(reason), true)
			ended(t, h.bob[1].call, AnsweredElsewhere, true)
			if took := time.Since(start); took > 3*time.Second {
				t.Errorf("the other device has rung for %v", took)
			}
			if _, err := h.bob[1].Answer(t.Context(), Media{Receive: discard}); err == nil {
				t.Error("it can still be answered")
			}
		})
	}
}

// TestACancelStopsAllDevices, and no late answer revives the call. Mutation: Client.cancel that does not post.
func TestACancelStopsAllDevices(t *testing.T) {
	atHome(t, func(t *testing.T, h household) {
		if err := h.alice.Hangup(t.Context(), Left); err != nil {
			t.Fatal(err)
		}
		for _, in := range h.bob {
			ended(t, in.call, Cancelled, true)
		}
	})
}

// TestTheWinnersCancel: a caller may name anybody as the winner. The device that is named goes on to the Welcome, one that
// is not ends, and neither ends by it once it is in the group.
// Mutation: cancelled without the comparison of Winner, or without the epoch.
func TestTheWinnersCancel(t *testing.T) {
	for _, named := range []bool{true, false} {
		onStage(t, func(t *testing.T, s *stage) {
			v := s.person("v")
			p := s.peer(v)
			client := s.victim(v)
			p.rings()
			c, err := client.rung(t).Answer(t.Context(), Media{Receive: discard})
			if err != nil {
				t.Fatal(err)
			}
			p.hearAccept()
			winner, other := p.accept, random()
			if !named {
				winner = other
			}
			p.send(msgCancel, cancelBody{Reason: uint8(AnsweredElsewhere), Winner: winner[:]})
			if !named {
				ended(t, c, AnsweredElsewhere, true)
				return
			}
			time.Sleep(100 * time.Millisecond)
			if err := p.conn.Accept(string(p.took.Answer), c.fingerprint()); err != nil {
				t.Fatal(err)
			}
			addAll(p.conn, p.took.Candidates)
			w := p.welcomeOf()
			w.Candidates = p.candidates()
			p.send(msgWelcome, w)
			p.ack(true)
			next[Connected](t, c)
			p.send(msgCancel, cancelBody{Reason: uint8(AnsweredElsewhere), Winner: other[:]})
			p.send(msgCancel, cancelBody{Reason: uint8(Cancelled)})
			time.Sleep(time.Second)
			if c.State() != StateConnected {
				t.Errorf("a Cancel has ended a call that was answered: %v", c.Err())
			}
		})
	}
}
