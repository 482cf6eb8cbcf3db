package call

import (
	"testing"
	"time"
)

// TestACancelStopsAllDevices, and no late answer revives the call. Mutation: Client.cancel that does not post.
func TestACancelStopsAllDevices(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		alice, first, second, bob := devices(t, s)
		c := alice.dial(t, bob)
		ringing := []*Incoming{first.rung(t), second.rung(t)}
		if err := c.Hangup(t.Context(), Left); err != nil {
			t.Fatal(err)
		}
		for _, in := range ringing {
			ended(t, in.call, Cancelled, true)
			if _, err := in.Answer(t.Context(), Media{Receive: discard}); err == nil {
				t.Error("it can still be answered")
			}
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
			if c.State() != StateConnecting {
				t.Fatalf("the winner's call: %v, %v", c.State(), c.Err())
			}
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
