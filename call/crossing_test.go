package call_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/call/calltest"
	"github.com/sotto-calls/sotto/signal"
)

// soonRings waits a moment for a call that rings; nil: none does.
func soonRings(t *testing.T, s *calltest.Side) *call.Incoming {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	in, err := s.Client.Accept(ctx)
	if err != nil {
		return nil
	}
	return in
}

// talks answers in, the call c of the other side, and hangs up again.
func talks(t *testing.T, in *call.Incoming, c *call.Call) {
	t.Helper()
	if in == nil {
		t.Fatal("the Invite that crossed ours does not ring")
	}
	a, err := in.Answer(t.Context(), deaf())
	check(t, err)
	until[call.Connected](t, a, "who was rung")
	until[call.Connected](t, c, "who rings")
	check(t, a.Hangup(t.Context(), call.Left))
	<-c.Done()
}

// failsAfter is a relay that opens the first mailbox that it is asked for never, and says so that late.
func failsAfter(d time.Duration) odd {
	var opened atomic.Int32
	return odd{open: func(ctx context.Context) error {
		if opened.Add(1) > 1 {
			return nil
		}
		if err := wait(ctx, d); err != nil {
			return err
		}
		return signal.ErrUnavailable
	}}
}

// dials lets Alice ring Bob, from another goroutine, and gives how it fails.
func dials(ctx context.Context, n *calltest.Net) <-chan error {
	failed := make(chan error, 1)
	go func() {
		_, err := n.Alice.Client.Dial(ctx, n.Alice.Peer, deaf())
		failed <- err
	}()
	synctest.Wait() // it is under way
	return failed
}

// TestACrossingInviteRingsWhenOurDialFails: Alice's relay hangs while Bob rings her. His Invite has crossed hers, and its
// repetitions count as seen: it rings when her Dial has failed. Mutations: finished in call.go without recall; glare without
// crossed, for either id.
func TestACrossingInviteRingsWhenOurDialFails(t *testing.T) {
	for range 8 { // either side's id may be the higher one
		synctest.Test(t, func(t *testing.T) {
			n := calltest.New(t, calltest.Options{OneWay: 20 * time.Millisecond, Configure: oddly(failsAfter(5*time.Second), "alice")})
			failed := dials(t.Context(), n)
			c, err := n.Bob.Client.Dial(t.Context(), n.Bob.Peer, deaf())
			check(t, err)
			if err := <-failed; !errors.Is(err, signal.ErrUnavailable) {
				t.Fatalf("nothing was tested: %v", err)
			}
			talks(t, soonRings(t, n.Alice), c)
			if soonRings(t, n.Alice) != nil {
				t.Error("it rings twice")
			}
		})
	}
}

// TestACrossingInviteRingsWhenWeHangUp: Bob's Invite comes while Alice's call is on its way down. Mutation: as above.
func TestACrossingInviteRingsWhenWeHangUp(t *testing.T) {
	for range 8 {
		synctest.Test(t, func(t *testing.T) {
			var sent atomic.Int32
			swallows := odd{send: func(ctx context.Context, send func() error) error {
				if sent.Add(1) > 1 {
					return send()
				}
				<-ctx.Done()
				return ctx.Err()
			}}
			n := calltest.New(t, calltest.Options{OneWay: 20 * time.Millisecond, Configure: oddly(swallows, "alice")})
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			failed := dials(ctx, n)
			time.Sleep(1100 * time.Millisecond)
			c, err := n.Bob.Client.Dial(t.Context(), n.Bob.Peer, deaf())
			check(t, err)
			time.Sleep(50 * time.Millisecond)
			select {
			case err := <-failed:
				t.Fatalf("nothing was tested: %v", err)
			default:
			}
			if s := n.Alice.Client.Stats(); s.Packets != 1 || s.Rang != 0 {
				t.Fatalf("nothing was tested: %+v", s)
			}
			talks(t, soonRings(t, n.Alice), c)
			if err := <-failed; !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Alice's Dial: %v", err)
			}
		})
	}
}

// TestACrossingInviteThatIsOver does not ring: its caller has hung up, or must have given up by then, though nothing says so.
// Mutations: decide in dispatch.go without gone; recall in glare.go without reachTime.
func TestACrossingInviteThatIsOver(t *testing.T) {
	for _, told := range []bool{true, false} {
		for range 4 {
			synctest.Test(t, func(t *testing.T) {
				var sent atomic.Int32
				mute := odd{send: func(_ context.Context, send func() error) error {
					if sent.Add(1) > 1 && !told {
						return nil
					}
					return send()
				}}
				late := 10 * time.Second
				if !told {
					late = 21 * time.Second
				}
				fails := failsAfter(late)
				n := calltest.New(t, calltest.Options{OneWay: 20 * time.Millisecond, Configure: func(name string, c *call.Config) {
					oddly(fails, "alice")(name, c)
					oddly(mute, "bob")(name, c)
				}})
				failed := dials(t.Context(), n)
				c, err := n.Bob.Client.Dial(t.Context(), n.Bob.Peer, deaf())
				check(t, err)
				time.Sleep(5 * time.Second)
				check(t, c.Hangup(t.Context(), call.Left))
				if err := <-failed; !errors.Is(err, signal.ErrUnavailable) {
					t.Fatalf("nothing was tested: %v", err)
				}
				if soonRings(t, n.Alice) != nil {
					t.Errorf("told %v: it rings", told)
				}
			})
		}
	}
}

// TestACrossingInviteIsWithdrawnBeforeItRings: its caller gives up while Alice's program decides whether it may ring. Mutation: ring
// in dispatch.go without withdrawn.
func TestACrossingInviteIsWithdrawnBeforeItRings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		deciding := make(chan struct{}, 1)
		n := calltest.New(t, calltest.Options{OneWay: 20 * time.Millisecond, Configure: func(name string, c *call.Config) {
			oddly(failsAfter(5*time.Second), "alice")(name, c)
			c.Admit = func(ctx context.Context, _ call.Caller) call.Decision {
				deciding <- struct{}{}
				if wait(ctx, 3*time.Second) != nil {
					return call.Ignore
				}
				return call.Ring
			}
		}})
		failed := dials(t.Context(), n)
		c, err := n.Bob.Client.Dial(t.Context(), n.Bob.Peer, deaf())
		check(t, err)
		<-deciding // Alice's Dial has failed
		if err := <-failed; err == nil {
			t.Fatal("nothing was tested")
		}
		check(t, c.Hangup(t.Context(), call.Left))
		time.Sleep(3 * time.Second)
		if soonRings(t, n.Alice) != nil {
			t.Error("it rings")
		}
	})
}

// TestACrossingInviteIsWithdrawn while Alice's call is on its way out: hers goes on, whoever has the higher id. Mutation: yield in
// glare.go without withdrawn.
func TestACrossingInviteIsWithdrawn(t *testing.T) {
	for range 12 { // either side's id may be the higher one
		synctest.Test(t, func(t *testing.T) {
			var opened atomic.Int32
			slow := odd{open: func(ctx context.Context) error {
				if opened.Add(1) > 1 {
					return nil
				}
				return wait(ctx, 5*time.Second)
			}}
			n := calltest.New(t, calltest.Options{OneWay: 20 * time.Millisecond, Configure: oddly(slow, "alice")})
			begun := make(chan *call.Call, 1)
			go func() {
				c, err := n.Alice.Client.Dial(t.Context(), n.Alice.Peer, deaf())
				if err != nil {
					t.Error(err)
				}
				begun <- c
			}()
			synctest.Wait() // it is under way
			theirs, err := n.Bob.Client.Dial(t.Context(), n.Bob.Peer, deaf())
			check(t, err)
			time.Sleep(time.Second)
			check(t, theirs.Hangup(t.Context(), call.Left))
			if ours := <-begun; ours != nil {
				talks(t, soonRings(t, n.Bob), ours)
			}
		})
	}
}

// TestACrossingInviteAndOurCallAnswered: our call is the one of the two that counts. What crossed it is over with it, also if
// the other side never says so, and if the relay delivers it again. Declined, it is no answer to theirs.
// Mutation: finished in call.go without its look at the state.
func TestACrossingInviteAndOurCallAnswered(t *testing.T) {
	for _, answer := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			n := calltest.New(t, calltest.Options{OneWay: 20 * time.Millisecond})
			c, in := ring(t, n, deaf())
			until[call.Ringing](t, c, "it rings")
			lower := forge(t, n.Bob, [32]byte{31: 1}, goodSuite)
			check(t, n.Bob.Transport.Send(t.Context(), lower))
			if soonRings(t, n.Alice) != nil {
				t.Error("it rings beside our own")
			}
			if answer {
				talks(t, in, c)
			} else {
				check(t, in.Decline(t.Context(), call.DeclineCall))
				<-c.Done()
			}
			theirs := soonRings(t, n.Alice)
			if (theirs != nil) == answer {
				t.Errorf("our call was answered: %v; theirs rings: %v", answer, theirs != nil)
			}
			if theirs != nil {
				check(t, theirs.Decline(t.Context(), call.DeclineCall))
			}
			check(t, n.Bob.Transport.Send(t.Context(), lower))
			if soonRings(t, n.Alice) != nil {
				t.Error("it rings again")
			}
		})
	}
}
