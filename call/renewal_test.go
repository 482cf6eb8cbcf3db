package call_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/call/calltest"
	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/memory"
)

// heard counts the messages that wait at a call.
func heard(t *testing.T, c *call.Call) (n int) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	for ev := range c.Events(ctx) {
		if _, ok := ev.(call.Message); ok {
			n++
		}
	}
	return n
}

// TestNewKeysWhileReconnecting: they are wanted at some moment around the return of the path, while the relay is slow.
// Neither what is said then is lost, nor the call. The mutation that makes it fail: renew in machine_group.go also in
// StateReconnecting.
func TestNewKeysWhileReconnecting(t *testing.T) {
	for at := time.Duration(0); at < 4*time.Second; at += 200 * time.Millisecond {
		synctest.Test(t, func(t *testing.T) {
			p := talk(t, calltest.Options{Faults: memory.Faults{Delay: 700 * time.Millisecond}})
			p.net.World.Cut("1.2.3.4")
			until[call.Reconnecting](t, p.alice, "the path is gone")
			time.Sleep(3 * time.Second)
			go func() { _ = p.alice.Send(t.Context(), []byte("hello")) }()
			p.net.World.Heal("1.2.3.4")
			time.Sleep(at)
			p.alice.RenewKeys()
			time.Sleep(20 * time.Second)
			if n := heard(t, p.bob); n != 1 {
				t.Errorf("new keys %v after the path came back: Bob heard %d of 1", at, n)
			}
			for _, c := range []*call.Call{p.alice, p.bob} {
				if s, e := c.State(), c.Stats().Epoch; s != call.StateConnected || e != 2 {
					t.Errorf("new keys %v after the path came back: %v, epoch %d", at, s, e)
				}
			}
			p.hangup(t)
		})
	}
}

// TestALostCommit: a Commit that goes by the relay, since the channel is not open yet, and gets lost, is sent again. The
// mutation that makes it fail: fire in machine.go without fxRecommit.
func TestALostCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lose atomic.Bool
		var lost atomic.Int32
		f := memory.Faults{Hook: func(_ signal.Packet, f memory.Fault) memory.Fault {
			if lose.Load() {
				f.Drop = true
				lost.Add(1)
			}
			return f
		}}
		p := talk(t, calltest.Options{Faults: f})
		lose.Store(true)
		call.RenewByRelay(p.alice)
		time.Sleep(5 * time.Second)
		for _, c := range []*call.Call{p.alice, p.bob} {
			if s, e := c.State(), c.Stats().Epoch; s != call.StateConnected || e != 2 {
				t.Errorf("%v, epoch %d", s, e)
			}
		}
		if lost.Load() == 0 {
			t.Error("no packet was lost: nothing was tested")
		}
		time.Sleep(30 * time.Second)
		if s := p.alice.State(); s != call.StateConnected {
			t.Errorf("%v: %v", s, p.alice.Err())
		}
		p.hangup(t)
	})
}
