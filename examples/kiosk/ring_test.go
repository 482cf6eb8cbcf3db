package main

import (
	"strings"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/media"
)

const three = "-ring alice,bob,carol -camera test -microphone none -speaker none "

var street = []string{"alice", "bob", "carol"}

// In turn: the first does not answer and stops ringing, the second answers, the third hears nothing.
func TestRingInTurn(t *testing.T) {
	onStage(t, three, street, func(t *testing.T, s *stage) {
		start := time.Now()
		if said := s.command(verbRing); said != `ringing "alice", "bob", "carol"` {
			t.Errorf("%q", said)
		}
		alice := s.people["alice"].rung(t.Context())
		bob := s.people["bob"].rung(t.Context())
		if waited := time.Since(start); waited < 20*time.Second || waited > 22*time.Second {
			t.Errorf("bob was rung after %v, want 20 s", waited)
		}
		if e := over(t, alice); e.Reason != call.Cancelled || !e.Remote {
			t.Errorf("alice: %v", e)
		}
		pictures := make(chan struct{}, 10_000)
		c, err := bob.Answer(t.Context(), call.Media{Receive: func(media.TrackInfo) media.Sink { return counter{pictures} }})
		if err != nil {
			t.Fatal(err)
		}
		until[call.Connected](t, c)
		time.Sleep(time.Second)
		if n := len(pictures); n < 25 {
			t.Errorf("%d pictures in a second", n)
		}
		if said := s.command(verbRing); !strings.Contains(said, `in a call with "bob"`) {
			t.Errorf("%q", said)
		}
		time.Sleep(time.Minute)
		if said := s.command(verbHangup); said != "hanging up" {
			t.Errorf("%q", said)
		}
		if e := ended(t, c); e.Reason != call.Left || !e.Remote {
			t.Errorf("bob: %v", e)
		}
		time.Sleep(time.Second)
		if said := s.command(verbHangup); said != "there is no call" {
			t.Errorf("%q", said)
		}
		if strings.Contains(s.said.String(), `"carol"`) {
			t.Error("carol was rung")
		}
	})
}

// A counter counts frames.
type counter struct{ frames chan<- struct{} }

func (c counter) WriteFrame(media.Frame) error { c.frames <- struct{}{}; return nil }
func (c counter) Close() error                 { return nil }

// Together: the first who answers wins, the others stop ringing.
func TestRingTogether(t *testing.T) {
	onStage(t, three+"-strategy together", street, func(t *testing.T, s *stage) {
		start := time.Now()
		s.command(verbRing)
		alice, bob, carol := s.people["alice"].rung(t.Context()), s.people["bob"].rung(t.Context()), s.people["carol"].rung(t.Context())
		if waited := time.Since(start); waited > 2*time.Second {
			t.Errorf("all were rung after %v", waited)
		}
		time.Sleep(5 * time.Second)
		c, err := bob.Answer(t.Context(), silent())
		if err != nil {
			t.Fatal(err)
		}
		until[call.Connected](t, c)
		for _, other := range []*call.Incoming{alice, carol} {
			if e := over(t, other); e.Reason != call.Cancelled || !e.Remote {
				t.Errorf("%v: %v", other.Caller().Name, e)
			}
		}
		if err := c.Hangup(t.Context(), call.Left); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		_, text := s.http("GET", "/metrics", "")
		for _, want := range []string{"sotto_kiosk_rung_total 3", "sotto_kiosk_answered_total 1", `sotto_kiosk_ended_total{reason="cancelled"} 2`,
			`sotto_kiosk_ended_total{reason="left"} 1`, `sotto_kiosk_connected_total{direction="out"} 1`, "sotto_kiosk_in_call 0"} {
			if !strings.Contains(text, want+"\n") {
				t.Errorf("no %s in\n%s", want, text)
			}
		}
	})
}

// Who declines is not waited for; when nobody answers it is over, and the button works again.
func TestNobodyAnswers(t *testing.T) {
	onStage(t, three+"-ring-for 10s", street, func(t *testing.T, s *stage) {
		s.command(verbRing)
		start := time.Now()
		if err := s.people["alice"].rung(t.Context()).Decline(t.Context(), call.DeclineCall); err != nil {
			t.Fatal(err)
		}
		s.people["bob"].rung(t.Context())
		if waited := time.Since(start); waited > 2*time.Second {
			t.Errorf("bob was rung after %v", waited)
		}
		s.people["carol"].rung(t.Context())
		if said := s.command(verbRing); !strings.Contains(said, "ringing already") {
			t.Errorf("%q", said)
		}
		time.Sleep(15 * time.Second)
		s.wants("nobody was reached")
		if said := s.command(verbRing); !strings.HasPrefix(said, "ringing") {
			t.Errorf("%q", said)
		}
		s.people["alice"].rung(t.Context())
		s.command(verbHangup)
		time.Sleep(time.Second)
		if n := strings.Count(s.said.String(), "nobody was reached"); n != 2 {
			t.Errorf("%d rounds ended", n)
		}
	})
}

// Who cannot be rung is left out, with the reason.
func TestNotEverybodyCanBeRung(t *testing.T) {
	onStage(t, "-ring alice,bob,nobody", street[:2], func(t *testing.T, s *stage) {
		if err := s.self.contacts.Block(s.people["alice"].identity.Public(), true); err != nil {
			t.Fatal(err)
		}
		if said := s.command(verbRing); said != `ringing "bob"` {
			t.Errorf("%q", said)
		}
		s.wants(`"alice" is not rung: they are blocked`, `"nobody" is not rung:`)
		s.people["bob"].rung(t.Context())
		s.command(verbHangup)
		time.Sleep(5 * time.Second)
		if err := s.self.contacts.Remove(s.people["bob"].identity.Public()); err != nil {
			t.Fatal(err)
		}
		if said := s.command(verbRing); !strings.Contains(said, "none of the contacts") {
			t.Errorf("%q", said)
		}
	})
}

// The end of the program ends the call politely, and stops what rings.
func TestEndOfTheProgram(t *testing.T) {
	onStage(t, three, street, func(t *testing.T, s *stage) {
		s.command(verbRing)
		c, err := s.people["alice"].rung(t.Context()).Answer(t.Context(), silent())
		if err != nil {
			t.Fatal(err)
		}
		until[call.Connected](t, c)
		start := time.Now()
		s.end()
		<-s.done
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("the end took %v", took)
		}
		if e := ended(t, c); e.Reason != call.Left || !e.Remote {
			t.Errorf("alice: %v", e)
		}
	})
	onStage(t, three+"-strategy together", street, func(t *testing.T, s *stage) {
		s.command(verbRing)
		in := s.people["carol"].rung(t.Context())
		s.end()
		<-s.done
		if e := over(t, in); e.Reason != call.Cancelled {
			t.Errorf("carol: %v", e)
		}
	})
}

// Without a network nobody can be told, and the end takes no longer.
func TestEndWithoutANetwork(t *testing.T) {
	onStage(t, "-auto-answer alice -others bell -camera test", street, func(t *testing.T, s *stage) {
		s.verify("alice", true)
		until[call.Connected](t, s.people["alice"].dial())
		s.self.transport.Partition()
		s.world.Cut("1.2.3.1") // the kiosk
		time.Sleep(time.Second)
		start := time.Now()
		s.end()
		<-s.done
		s.self.client.Close()
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("the end took %v", took)
		}
		s.self.transport.Heal()
	})
	onStage(t, "-others bell", street, func(t *testing.T, s *stage) {
		rings(t, s.people["bob"].dial())
		s.self.transport.Partition()
		start := time.Now()
		s.end()
		<-s.done
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("the end took %v", took)
		}
	})
}
