package call_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/call/calltest"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/memory"
)

// TestALateErrorOfARepeatedInvite: the relay refuses the second copy of an Invite, and says so when the call is up. The
// mutation that makes it fail: inviteStored in send.go without a look at the state.
func TestALateErrorOfARepeatedInvite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent, refused atomic.Int32
		bad := odd{send: func(ctx context.Context, send func() error) error {
			if sent.Add(1) != 2 { // the first is the Invite, and nothing else leaves before it is repeated
				return send()
			}
			if err := wait(ctx, 6*time.Second); err != nil {
				return err
			}
			refused.Add(1)
			return fmt.Errorf("%w: says the relay", signal.ErrTooLarge)
		}}
		p := talk(t, calltest.Options{Faults: memory.Faults{Delay: 600 * time.Millisecond}, Configure: oddly(bad, "alice")})
		time.Sleep(10 * time.Second)
		if s := p.alice.State(); s != call.StateConnected || refused.Load() != 1 {
			t.Errorf("the call is %v (%v); %d Invites were refused", s, p.alice.Err(), refused.Load())
		}
		p.hangup(t)
	})
}

// TestAReasonOfZero: what the other side could not read is not sent. The mutations that make it fail: Hangup in call.go
// without reasonNames, Decline in incoming.go without DeclineBusy.
func TestAReasonOfZero(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := talk(t, calltest.Options{})
		start := time.Now()
		check(t, p.alice.Hangup(t.Context(), 0))
		ended(t, p.alice, call.Left, false, start, 3*time.Second)
		ended(t, p.bob, call.Left, true, start, 3*time.Second)
	})
	for _, reason := range []call.DeclineReason{0, 200} {
		synctest.Test(t, func(t *testing.T) {
			c, in := ring(t, calltest.New(t, calltest.Options{OneWay: 20 * time.Millisecond}), deaf())
			start := time.Now()
			check(t, in.Decline(t.Context(), reason))
			ended(t, c, call.Declined, true, start, 3*time.Second)
		})
	}
}

// TestDeclineAfterAnswer: it is too late, and the call goes on. The mutation that makes it fail: Decline in incoming.go
// without settled.
func TestDeclineAfterAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, in := ring(t, calltest.New(t, calltest.Options{OneWay: 20 * time.Millisecond}), speaks())
		b, err := in.Answer(t.Context(), deaf())
		check(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := in.Decline(ctx, call.DeclineCall); !errors.Is(err, call.ErrState) {
			t.Errorf("declined what was answered: %v", err)
		}
		until[call.Connected](t, b, "the call goes on")
		check(t, c.Hangup(t.Context(), call.Left))
		<-b.Done()
	})
}

// TestConsentIsAskedOnce: somebody takes his time to refuse, and the offer is repeated meanwhile. The mutation that makes it fail:
// describeOffered in describe.go without applying.
func TestConsentIsAskedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		b := speaks()
		b.Consent = func(context.Context, media.TrackInfo) bool {
			n := asked.Add(1)
			time.Sleep(7 * time.Second)
			return n > 1
		}
		p := connect(t, calltest.New(t, calltest.Options{OneWay: 20 * time.Millisecond}), speaks(), b)
		_, err := p.alice.AddTrack(t.Context(), camera(90000))
		check(t, err)
		time.Sleep(time.Minute)
		flows(t, p.fromAlice, media.Video, false)
		if asked.Load() != 1 {
			t.Errorf("asked %d times", asked.Load())
		}
		p.hangup(t)
	})
}

// TestAddTrackWithAContextThatEnds: ctx bounds the wait alone. Whatever becomes of the track, the call closes its source,
// and reading the outcome does not race with its making (under -race). The mutation that makes it fail: AddTrack in
// describe.go without giveBack.
func TestAddTrackWithAContextThatEnds(t *testing.T) {
	for _, after := range []time.Duration{0, time.Nanosecond, 20 * time.Millisecond, 30 * time.Millisecond, time.Second} {
		synctest.Test(t, func(t *testing.T) {
			p := connect(t, calltest.New(t, calltest.Options{OneWay: 20 * time.Millisecond}), speaks(),
				call.Media{Send: speaks().Send, Consent: yes})
			ctx, cancel := context.WithTimeout(t.Context(), after)
			defer cancel()
			cam := camera(90000)
			if _, err := p.alice.AddTrack(ctx, cam); (err == nil) != (after == time.Second) {
				t.Errorf("within %v: %v", after, err)
			}
			time.Sleep(time.Second)
			flows(t, p.fromAlice, media.Video, true)
			p.hangup(t)
			isClosed(t, "the end", cam)

			late := camera(10)
			if _, err := p.alice.AddTrack(ctx, late); err == nil {
				t.Error("a track was added to a call that has ended")
			}
			synctest.Wait()
			isClosed(t, "after the end", late)
		})
	}
}

// TestRingsAfterASleep: a machine that was suspended while it rang finds an hour-old call when it wakes up, for which its timers
// have seconds left. Mutation: tick without overslept.
func TestRingsAfterASleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := calltest.New(t, calltest.Options{OneWay: 20 * time.Millisecond})
		a, in := ring(t, n, speaks())
		call.Slept(in, time.Minute) // no longer than two clocks may differ
		time.Sleep(3 * time.Second)
		select {
		case <-in.Done():
			t.Fatal("a call that may be a minute old does not ring any more")
		default:
		}
		call.Slept(in, time.Hour)
		time.Sleep(3 * time.Second)
		if _, err := in.Answer(t.Context(), deaf()); !errors.Is(err, call.ErrEnded) {
			t.Errorf("answered: %v", err)
		}
		a.Close()
	})
}
