package call_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/call/calltest"
	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/media"
)

// TestAFloodOfRefusedInvites: beyond a few lines to say no on, nothing is opened, started or said. The mutation that makes
// it fail: ring in dispatch.go with a limit of 0.
func TestAFloodOfRefusedInvites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const maxCalls = 4
		var open atomic.Int32
		slow := odd{open: func(ctx context.Context) error {
			open.Add(1)
			return wait(ctx, 5*time.Second)
		}}
		n := calltest.New(t, calltest.Options{OneWay: 20 * time.Millisecond, Configure: func(name string, c *call.Config) {
			if name == "alice" {
				c.MaxCalls = maxCalls
				c.Admit = func(context.Context, call.Caller) call.Decision { return call.Refuse }
				oddly(slow, name)(name, c)
			}
		}})
		synctest.Wait()
		before, side := inBubble(), *n.Bob
		for i := range 400 {
			if i%50 == 0 {
				side.Identity = e2ee.Generate() // one token, many identities
			}
			check(t, n.Bob.Transport.Send(t.Context(), forge(t, &side, [32]byte{byte(i), byte(i >> 8)}, goodSuite)))
		}
		time.Sleep(2 * time.Second)
		if s := n.Alice.Client.Stats(); s.Declined < 300 {
			t.Errorf("the flood did not arrive: %+v", s)
		}
		if got := open.Load(); got > 2*maxCalls || got == 0 {
			t.Errorf("%d mailboxes are being opened at once, want at most %d", got, 2*maxCalls)
		}
		if got := inBubble() - before; got > 8*2*maxCalls {
			t.Errorf("%d goroutines", got)
		}
		time.Sleep(time.Minute)
	})
}

// TestAnInviteDoesNotReplaceALiveCall: the callee rings with the id of the call that is under way, which must stay in
// the client's hands. The mutation that makes it fail: invited in dispatch.go without known together with enter in
// client.go without errTaken.
func TestAnInviteDoesNotReplaceALiveCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := talk(t, calltest.Options{})
		bob := p.net.Bob
		check(t, bob.Transport.Send(t.Context(), forge(t, bob, p.alice.ID(), goodSuite)))
		time.Sleep(time.Second)
		if s := p.net.Alice.Client.Stats(); s.Rang != 0 || s.Replayed != 1 {
			t.Errorf("%+v", s)
		}
		flows(t, p.fromAlice, media.Audio, true)
		start := time.Now()
		p.net.Alice.Client.Close()
		ended(t, p.alice, call.Closed, false, start, 3*time.Second)
		ended(t, p.bob, call.Closed, true, start, 3*time.Second)
	})
}

// TestAFloodOfUpdates: the callee asks for new keys as fast as it can, and gets them once a second at the most. The
// mutation that makes it fail: renew in machine_group.go without renewPause.
func TestAFloodOfUpdates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := talk(t, calltest.Options{})
		const seconds = 10
		for range seconds * 20 {
			call.FloodUpdates(p.bob, 5)
			time.Sleep(time.Second / 20)
		}
		if e := p.alice.Stats().Epoch; e < 2 || e > 1+seconds+1 {
			t.Errorf("epoch %d after %d s", e, seconds)
		}
		flows(t, p.fromAlice, media.Audio, true)
		flows(t, p.fromBob, media.Audio, true)
		p.hangup(t)
	})
}
