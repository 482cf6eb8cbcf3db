package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/call"
)

const answering = "-auto-answer alice,bob -camera test "

// A verified caller of the list is answered; who is on it and not verified, or verified and not on it, is not.
func TestAutoAnswer(t *testing.T) {
	onStage(t, answering, street, func(t *testing.T, s *stage) {
		s.verify("alice", true)
		s.verify("carol", true)
		for _, name := range []string{"bob", "carol"} {
			if e := ended(t, s.people[name].dial()); e.Reason != call.Busy || !e.Remote {
				t.Errorf("%s: %v", name, e)
			}
		}
		s.wants(`"bob" rings and is told that we are busy: on the list, but not verified`, `"carol" rings and is told that we are busy: not on the list`)
		c := s.people["alice"].dial()
		until[call.Connected](t, c)
		s.verify("bob", true)
		if e := ended(t, s.people["bob"].dial()); e.Reason != call.Busy { // one call at a time
			t.Errorf("bob, in a call: %v", e)
		}
		if err := c.Hangup(t.Context(), call.Left); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		c = s.people["bob"].dial()
		until[call.Connected](t, c)
		if err := c.Hangup(t.Context(), call.Left); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		s.verify("alice", false)
		if e := ended(t, s.people["alice"].dial()); e.Reason != call.Busy {
			t.Errorf("alice, not verified any more: %v", e)
		}
	})
}

// With -others bell everybody else rings here, until somebody answers.
func TestBell(t *testing.T) {
	onStage(t, answering+"-others bell -ring alice", street, func(t *testing.T, s *stage) {
		c := s.people["carol"].dial()
		rings(t, c)
		if e := ended(t, s.people["bob"].dial()); e.Reason != call.Busy {
			t.Errorf("bob, while it rings: %v", e)
		}
		if code, said := s.http("POST", "/answer", ""); code != fine || said != "answering \"carol\"\n" {
			t.Errorf("%d %q", code, said)
		}
		until[call.Connected](t, c)
		if err := c.Hangup(t.Context(), call.Left); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if code, _ := s.http("POST", "/answer", ""); code != conflict {
			t.Errorf("nobody was answered: %d", code)
		}

		c = s.people["carol"].dial()
		rings(t, c)
		if err := c.Hangup(t.Context(), call.Cancelled); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		s.wants(`"carol" gave up`)

		c = s.people["carol"].dial()
		rings(t, c)
		s.command(verbHangup)
		if e := ended(t, c); e.Reason != call.Busy {
			t.Errorf("carol: %v", e)
		}
	})
}

// Who rings the bell and is not answered keeps out neither the visitor nor who is answered at once.
func TestBellGivesWay(t *testing.T) {
	onStage(t, answering+"-others bell -ring bob", street, func(t *testing.T, s *stage) {
		carol := s.people["carol"].dial()
		rings(t, carol)
		if said := s.command(verbRing); said != `ringing "bob"` {
			t.Errorf("%q", said)
		}
		if e := ended(t, carol); e.Reason != call.Busy {
			t.Errorf("carol, at the button: %v", e)
		}
		s.people["bob"].rung(t.Context())
		s.command(verbHangup)
		time.Sleep(5 * time.Second)

		carol = s.people["carol"].dial()
		rings(t, carol)
		s.verify("alice", true)
		alice := s.people["alice"].dial()
		until[call.Connected](t, alice)
		if e := ended(t, carol); e.Reason != call.Busy {
			t.Errorf("carol, when alice rings: %v", e)
		}
		s.command(verbHangup)
		time.Sleep(time.Second)

		bob := s.people["bob"].dial() // not verified: he rings, and the button is for him
		rings(t, bob)
		if said := s.command(verbRing); said != `answering "bob"` {
			t.Errorf("%q", said)
		}
		until[call.Connected](t, bob)
	})
}

// Who rings before it is their turn has answered, if they are verified: nobody has asked them.
func TestRingsBack(t *testing.T) {
	onStage(t, "-ring alice,bob", street, func(t *testing.T, s *stage) {
		s.command(verbRing)
		in := s.people["alice"].rung(t.Context())
		for _, name := range []string{"carol", "bob"} {
			if e := ended(t, s.people[name].dial()); e.Reason != call.Busy {
				t.Errorf("%s: %v", name, e)
			}
		}
		s.verify("bob", true)
		c := s.people["bob"].dial()
		until[call.Connected](t, c)
		if e := over(t, in); e.Reason != call.Cancelled {
			t.Errorf("alice: %v", e)
		}
		if said := s.command(verbRing); !strings.Contains(said, `in a call with "bob"`) {
			t.Errorf("%q", said)
		}
		s.command(verbHangup)
		if e := ended(t, c); e.Reason != call.Left {
			t.Errorf("bob: %v", e)
		}
	})
}

// Who was rung and rings back in the same hunt was asked, and is answered, verified or not.
func TestRingsBackLater(t *testing.T) {
	onStage(t, "-ring alice,bob", street, func(t *testing.T, s *stage) {
		s.command(verbRing)
		if err := s.people["alice"].rung(t.Context()).Decline(t.Context(), call.DeclineCall); err != nil {
			t.Fatal(err)
		}
		in := s.people["bob"].rung(t.Context())
		until[call.Connected](t, s.people["alice"].dial())
		if e := over(t, in); e.Reason != call.Cancelled {
			t.Errorf("bob: %v", e)
		}
	})
}

// Both may ring each other in the same moment: it is one call, and it stands.
func TestBothRing(t *testing.T) {
	onStage(t, answering+"-ring alice", street, func(t *testing.T, s *stage) {
		s.verify("alice", true)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() { // she takes our call, if hers is not in time
			for in := range s.people["alice"].client.Incoming(ctx) {
				if _, err := in.Answer(ctx, silent()); err != nil {
					t.Error(err)
				}
			}
		}()
		s.command(verbRing)
		alice := s.people["alice"]
		if _, err := alice.client.Dial(ctx, alice.kiosk, silent()); err != nil && !errors.Is(err, call.ErrState) { // it rings already
			t.Error(err)
		}
		time.Sleep(5 * time.Second)
		s.wants(`"alice" is connected`)
		if _, text := s.http("GET", "/metrics", ""); !strings.Contains(text, "sotto_kiosk_in_call 1\n") {
			t.Error(text)
		}
		s.command(verbHangup)
	})
}
