package call

import (
	"bytes"
	"testing"
	"time"
)

// devices are an honest caller and two clients of the one whom it rings, which read the same mailbox.
func devices(t *testing.T, s *stage) (alice, first, second *victim, p *peer) {
	t.Helper()
	a, b := s.person("alice"), s.person("bob")
	b.knows(t, a, "Alice")
	a.knows(t, b, "Bob")
	alice = s.victim(a)
	first = s.victim(b, func(c *Config) { c.Media.Net = s.world.Host("1.2.3.5") })
	second = s.victim(b, func(c *Config) { c.Media.Net = s.world.Host("1.2.3.6") })
	return alice, first, second, &peer{person: b}
}

// TestAttackTwoReaders: of two devices the first to accept has the call, and the other hears that it was answered elsewhere; when both
// accept at once, one of them has it.
// Mutation: grouped without its Cancel: the loser waits for a Welcome. (That the Cancel of the winner's own Accept is none is in
// the golden run several_devices.)
func TestAttackTwoReaders(t *testing.T) {
	for _, atOnce := range []bool{false, true} {
		onStage(t, func(t *testing.T, s *stage) {
			alice, first, second, bob := devices(t, s)
			a := alice.dial(t, bob)
			in1, in2 := first.rung(t), second.rung(t)
			c1, err := in1.Answer(t.Context(), Media{Receive: discard})
			if err != nil {
				t.Fatal(err)
			}
			c2 := in2.call
			if atOnce {
				if c2, err = in2.Answer(t.Context(), Media{Receive: discard}); err != nil {
					t.Fatal(err)
				}
			}
			next[Connected](t, a)
			time.Sleep(time.Second)
			won, lost := c1, c2
			if c1.State() == StateEnded {
				won, lost = c2, c1
			}
			if won.State() != StateConnected {
				t.Errorf("the winner is %v", won.State())
			}
			ended(t, lost, AnsweredElsewhere, true)
			ea, _ := a.Emoji()
			if e, ok := won.Emoji(); !ok || e != ea {
				t.Error("the emoji differ")
			}
			if _, ok := lost.Emoji(); ok {
				t.Error("the loser has keys")
			}
		})
	}
}

// TestAttackOneReaderDeclines: a No on one device stops the other.
// Mutation: takeAsCaller's inDecline without its Cancel; takeAsCallee without inCancel.
func TestAttackOneReaderDeclines(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		alice, first, second, bob := devices(t, s)
		a := alice.dial(t, bob)
		in1, in2 := first.rung(t), second.rung(t)
		if err := in1.Decline(t.Context(), DeclineCall); err != nil {
			t.Fatal(err)
		}
		ended(t, a, Declined, true)
		ended(t, in2.call, AnsweredElsewhere, true)
	})
}

// TestAttackBusyLine: a line that is taken is Busy to the next caller, and free after it.
// Mutation: Client.enter without its limit.
func TestAttackBusyLine(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		v := s.person("v")
		p, other := s.peer(v), s.peer(v)
		client := s.victim(v, func(c *Config) { c.MaxCalls = 1 })
		p.rings()
		client.rung(t)
		other.send(msgInvite, other.inviteOf())
		other.wantDecline("one line, and it rings", Busy)
		client.quiet(t, "busy")
		p.send(msgCancel, cancelBody{Reason: uint8(Cancelled)})
		time.Sleep(time.Second)
		other.afresh()
		other.rings()
		client.rung(t)
	})
}

// TestAttackBusyIsNoOracle: that the line is taken is said to nobody whom Admit does not let ring.
// Mutation: ring before Admit.
func TestAttackBusyIsNoOracle(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		v := s.person("v")
		p, stranger := s.peer(v), s.stranger(v)
		client := s.victim(v, func(c *Config) { c.MaxCalls = 1 })
		p.rings()
		client.rung(t)
		stranger.door = p.door
		stranger.send(msgInvite, stranger.inviteOf())
		stranger.wantIdle("a stranger")
	})
}

// TestAttackHostileGlare: of two Invites that cross, the one with the higher id goes on. A caller that picks its id is no better off: its
// call has the victim's media and the victim's checks, and nothing of the victim's own call is left.
// Mutation: glare that compares the other way round.
func TestAttackHostileGlare(t *testing.T) {
	for _, first := range []byte{0x00, 0xff} {
		onStage(t, func(t *testing.T, s *stage) {
			v := s.person("v")
			p := s.peer(v)
			client := s.victim(v)
			c := client.dial(t, p)
			p.want("the victim's Invite", msgInvite)
			p.call = [32]byte(bytes.Repeat([]byte{first}, 32)) // nothing is lower, or higher
			p.send(msgInvite, p.inviteOf())
			if first == 0 {
				p.wantNothing("the victim's call stands")
				return
			}
			p.hearRinging()
			p.hearAccept()
			p.nonce = random()
			p.send(msgWelcome, p.welcomeOf())
			ended(t, c, AuthFailed, false)
		})
	}
}
