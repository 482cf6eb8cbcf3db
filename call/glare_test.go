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
	"github.com/sotto-calls/sotto/media"
)

// bothDial lets each side ring the other; each waits for its relay to have the Invite.
func bothDial(t *testing.T, n *calltest.Net, a, b call.Media) (*call.Call, *call.Call) {
	t.Helper()
	type dialled struct {
		c   *call.Call
		err error
	}
	alice := make(chan dialled, 1)
	go func() {
		c, err := n.Alice.Client.Dial(t.Context(), n.Alice.Peer, a)
		alice <- dialled{c, err}
	}()
	c, err := n.Bob.Client.Dial(t.Context(), n.Bob.Peer, b)
	check(t, err)
	d := <-alice
	check(t, d.err)
	return d.c, c
}

// TestGlareWithTheInviteInFlight: the other side's Invite is here before the relay has said that it stored ours. The
// mutation that makes it fail: yield in glare.go without l.stored.
func TestGlareWithTheInviteInFlight(t *testing.T) {
	for range 8 { // either side's id may be the higher one
		synctest.Test(t, func(t *testing.T) {
			n := calltest.New(t, calltest.Options{OneWay: 30 * time.Millisecond,
				Configure: oddly(odd{send: slowAnswer(80 * time.Millisecond)}, "alice", "bob")})
			fromAlice, fromBob := newTape(), newTape()
			start := time.Now()
			a, b := bothDial(t, n, call.Media{Send: []media.Source{microphone(9000)}, Receive: fromBob.track},
				call.Media{Send: []media.Source{microphone(9000)}, Receive: fromAlice.track})
			until[call.Connected](t, a, "Alice")
			until[call.Connected](t, b, "Bob")
			if took := time.Since(start); took > 3*time.Second || a.ID() != b.ID() {
				t.Errorf("connected after %v; one call: %v", took, a.ID() == b.ID())
			}
			flows(t, fromAlice, media.Audio, true)
			flows(t, fromBob, media.Audio, true)
			check(t, a.Hangup(t.Context(), call.Left))
			<-b.Done()
		})
	}
}

// TestDialToSomebodyWhoRings: it would leave a call that rings and nobody can answer. The mutation that makes it fail:
// enter in client.go without ringsUs.
func TestDialToSomebodyWhoRings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := calltest.New(t, calltest.Options{OneWay: 20 * time.Millisecond})
		a, in := ring(t, n, speaks())
		cam := camera(100)
		_, err := n.Bob.Client.Dial(t.Context(), n.Bob.Peer, call.Media{Send: []media.Source{cam}, Receive: newTape().track})
		if !errors.Is(err, call.ErrState) {
			t.Errorf("dialled somebody who rings: %v", err)
		}
		isClosed(t, "refused Dial", cam)
		b, err := in.Answer(t.Context(), deaf())
		check(t, err)
		until[call.Connected](t, a, "the call that rang is as it was")
		check(t, b.Hangup(t.Context(), call.Left))
		<-a.Done()
		c, err := n.Bob.Client.Dial(t.Context(), n.Bob.Peer, deaf()) // nobody rings any more
		check(t, err)
		c.Close()
	})
}

// TestDialToSomebodyWhoIsAboutToRing: their Invite is here, and our relay takes its time to open the call's mailbox. Mutation:
// ringsUs without the state before Ringing.
func TestDialToSomebodyWhoIsAboutToRing(t *testing.T) {
	for range 4 { // either side's id may be the higher one
		synctest.Test(t, func(t *testing.T) {
			slow := odd{open: func(ctx context.Context) error { return wait(ctx, 3*time.Second) }}
			n := calltest.New(t, calltest.Options{OneWay: 20 * time.Millisecond, Configure: oddly(slow, "alice")})
			c, err := n.Bob.Client.Dial(t.Context(), n.Bob.Peer, deaf())
			check(t, err)
			time.Sleep(time.Second)
			if _, err := n.Alice.Client.Dial(t.Context(), n.Alice.Peer, deaf()); !errors.Is(err, call.ErrState) {
				t.Errorf("dialled somebody who is about to ring: %v", err)
			}
			in, err := n.Alice.Client.Accept(t.Context())
			check(t, err)
			talks(t, in, c)
		})
	}
}

// TestDialWhileAnInviteIsDecidedOn: whether they may ring takes its time. Mutation: ringsUs without deciding.
func TestDialWhileAnInviteIsDecidedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := calltest.New(t, calltest.Options{OneWay: 20 * time.Millisecond, Configure: func(name string, c *call.Config) {
			if admit := c.Admit; name == "alice" {
				c.Admit = func(ctx context.Context, who call.Caller) call.Decision {
					time.Sleep(300 * time.Millisecond)
					return admit(ctx, who)
				}
			}
		}})
		c, err := n.Bob.Client.Dial(t.Context(), n.Bob.Peer, deaf())
		check(t, err)
		time.Sleep(150 * time.Millisecond)
		if _, err := n.Alice.Client.Dial(t.Context(), n.Alice.Peer, deaf()); !errors.Is(err, call.ErrState) {
			t.Errorf("dialled somebody who is about to ring: %v", err)
		}
		talks(t, soonRings(t, n.Alice), c)
	})
}

// TestAnInviteThatCollidesAndCannotBeTaken does not disturb our own call. The mutation that makes it fail: glare in
// dispatch.go without supported.
func TestAnInviteThatCollidesAndCannotBeTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := calltest.New(t, calltest.Options{OneWay: 20 * time.Millisecond})
		c, in := ring(t, n, speaks())
		until[call.Ringing](t, c, "it rings")
		var id [32]byte
		for i := range id {
			id[i] = 0xff
		}
		check(t, n.Bob.Transport.Send(t.Context(), forge(t, n.Bob, id, 77)))
		time.Sleep(3 * time.Second)
		if s := c.State(); s != call.StateRinging || c.ID() == id {
			t.Errorf("the call is %v; its id changed: %v", s, c.ID() == id)
		}
		b, err := in.Answer(t.Context(), deaf())
		check(t, err)
		until[call.Connected](t, c, "the call goes on")
		check(t, b.Hangup(t.Context(), call.Left))
		<-c.Done()
	})
}

// stalls is a relay that opens one mailbox and never another.
func stalls(stalled *atomic.Int32, next func()) odd {
	var opened atomic.Int32
	return odd{next: next, open: func(ctx context.Context) error {
		if opened.Add(1) == 1 {
			return nil
		}
		stalled.Add(1)
		<-ctx.Done()
		return ctx.Err()
	}}
}

// TestCloseWhileAnotherLoopTakesOver: the relay does not answer while the yielding side opens its new mailbox. The
// mutation that makes it fail: hang in call.go without abort.
func TestCloseWhileAnotherLoopTakesOver(t *testing.T) {
	for _, way := range []string{"call", "client"} {
		synctest.Test(t, func(t *testing.T) {
			var stalled atomic.Int32
			n := calltest.New(t, calltest.Options{OneWay: 20 * time.Millisecond, Configure: func(name string, c *call.Config) {
				oddly(stalls(&stalled, nil), name)(name, c)
			}})
			mics := []*clock{microphone(1000), microphone(1000)}
			a, b := bothDial(t, n, call.Media{Send: []media.Source{mics[0]}, Receive: newTape().track},
				call.Media{Send: []media.Source{mics[1]}, Receive: newTape().track})
			time.Sleep(500 * time.Millisecond)
			if stalled.Load() != 1 {
				t.Errorf("%d sides have yielded: nothing was tested", stalled.Load())
			}
			start := time.Now()
			if way == "client" {
				n.Alice.Client.Close()
				n.Bob.Client.Close()
			}
			a.Close()
			b.Close()
			if took := time.Since(start); took > 2*time.Second {
				t.Errorf("%s: Close took %v", way, took)
			}
			isClosed(t, way, mics...)
			for _, c := range []*call.Call{a, b} {
				if e, ok := errors.AsType[*call.EndedError](c.Err()); !ok || e.Reason != call.Closed {
					t.Errorf("%s: it ended with %v", way, c.Err())
				}
			}
		})
	}
}

// TestCloseJustBeforeATakeOver: Close comes when it is decided that another loop takes over, and before there is anything
// to stop. The mutation that makes it fail: takeOver in glare.go without hung.
func TestCloseJustBeforeATakeOver(t *testing.T) {
	for range 16 { // the two goroutines race
		synctest.Test(t, func(t *testing.T) {
			var stalled atomic.Int32
			var calls [2]atomic.Pointer[call.Call]
			n := calltest.New(t, calltest.Options{OneWay: 20 * time.Millisecond, Configure: func(name string, c *call.Config) {
				own := &calls[map[string]int{"alice": 0, "bob": 1}[name]]
				oddly(stalls(&stalled, func() {
					if c := own.Swap(nil); c != nil {
						go c.Close()
					}
				}), name)(name, c)
			}})
			a, b := bothDial(t, n, deaf(), deaf())
			calls[0].Store(a)
			calls[1].Store(b)
			start := time.Now()
			ended(t, a, call.Closed, false, start, 3*time.Second)
			ended(t, b, call.Closed, false, start, 3*time.Second)
		})
	}
}
