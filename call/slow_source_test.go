package call_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/call/calltest"
	"github.com/sotto-calls/sotto/media"
)

// A stuckDevice takes its time to close: until free is closed.
type stuckDevice struct {
	*clock
	free chan struct{}
}

func (d stuckDevice) Close() error {
	<-d.free
	return d.clock.Close()
}

// TestSlowDevices: a device that does not close holds up who removes or replaces it, as long as their contexts last, and
// nothing else of the call, nor its end. The mutation that makes it fail: media's release that closes the source itself.
func TestSlowDevices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		p := connect(t, calltest.New(t, calltest.Options{OneWay: 20 * time.Millisecond}),
			call.Media{Send: []media.Source{microphone(180000), stuckDevice{camera(90000), free}}},
			call.Media{Send: []media.Source{microphone(180000)}, Consent: yes})
		flows(t, p.fromAlice, media.Video, true)
		sound, video := p.alice.Streams()[0].Ctx, p.alice.Streams()[1].Ctx
		short := func(f func(context.Context) error) (time.Duration, error) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			start := time.Now()
			err := f(ctx)
			return time.Since(start), err
		}
		took, err := short(func(ctx context.Context) error {
			return p.alice.ReplaceTrack(ctx, video, stuckDevice{camera(90000), free})
		})
		if err != nil || took != time.Second {
			t.Errorf("replaced: %v after %v", err, took)
		}
		flows(t, p.fromAlice, media.Video, true)
		took, err = short(func(ctx context.Context) error { return p.alice.RemoveTrack(ctx, video) })
		if !errors.Is(err, context.DeadlineExceeded) || took != time.Second {
			t.Errorf("removed: %v after %v", err, took)
		}
		flows(t, p.fromAlice, media.Video, false)
		flows(t, p.fromAlice, media.Audio, true)
		if took, err = short(func(ctx context.Context) error { return p.alice.SetMuted(ctx, sound, true) }); err != nil || took > 0 {
			t.Errorf("muted: %v after %v", err, took)
		}
		start := time.Now()
		if err := p.alice.Close(); err != nil || time.Since(start) > 5*time.Second {
			t.Errorf("closed: %v after %v", err, time.Since(start))
		}
		close(free)
	})
}

// A deafDevice does not come back when it is told of a mute: until free is closed.
type deafDevice struct{ stuckDevice }

func (d deafDevice) SetMuted(bool) { <-d.free }

// TestACallEndsThoughItsConnectionIsStuck: the connection is in the middle of something that takes its time, here a device
// that is told to be silent, and a call ends all the same. In real time, since what waits for a mutex lets no virtual time
// pass. The mutation that makes it fail: quiet without within.
func TestACallEndsThoughItsConnectionIsStuck(t *testing.T) {
	free := make(chan struct{})
	n := calltest.New(t, calltest.Options{OneWay: time.Millisecond})
	t.Cleanup(func() { close(free) }) // before the world ends
	p := connect(t, n, call.Media{Send: []media.Source{deafDevice{stuckDevice{microphone(180000), free}}}},
		call.Media{Send: []media.Source{microphone(180000)}})
	closed := make(chan error, 1)
	go func() { closed <- p.alice.Close() }()
	select {
	case err := <-closed:
		check(t, err)
	case <-time.After(15 * time.Second):
		t.Error("the call does not end")
	}
}

// slowCamera takes 10 s to close.
func slowCamera() stuckDevice {
	d := stuckDevice{camera(90000), make(chan struct{})}
	time.AfterFunc(10*time.Second, func() { close(d.free) })
	return d
}

// TestADeviceIsFreeAgain: when RemoveTrack and ReplaceTrack return, or an AddTrack that was refused, the device that was used can
// be opened anew. The mutations that make it fail: RemoveTrack, or ReplaceTrack, that does not wait for closed; takeBack that does
// not.
func TestADeviceIsFreeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := audioOnly(t, yes)
		first := slowCamera()
		info, err := p.alice.AddTrack(t.Context(), first)
		check(t, err)
		second := slowCamera()
		check(t, p.alice.ReplaceTrack(t.Context(), info.Ctx, second))
		if !first.isClosed() {
			t.Error("the replaced one is not free")
		}
		check(t, p.alice.RemoveTrack(t.Context(), info.Ctx))
		if !second.isClosed() {
			t.Error("the removed one is not free")
		}
		p.hangup(t)
	})
	synctest.Test(t, func(t *testing.T) {
		p := voices(t)
		refused := slowCamera()
		if _, err := p.alice.AddTrack(t.Context(), refused); err == nil || !refused.isClosed() {
			t.Errorf("the refused one is not free: %v", err)
		}
		p.hangup(t)
	})
}

// TestADeviceThatHangsHoldsUpNoOther: the sources of a call that does not come to be are closed each by itself. The mutation that
// makes it fail: Media.close that closes one after another.
func TestADeviceThatHangsHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := calltest.New(t, calltest.Options{OneWay: 20 * time.Millisecond})
		_, in := ring(t, n, speaks())
		stuck, mic := stuckDevice{camera(100), make(chan struct{})}, microphone(100)
		_, err := n.Bob.Client.Dial(t.Context(), n.Bob.Peer, call.Media{Send: []media.Source{stuck, mic}, Receive: newTape().track})
		if !errors.Is(err, call.ErrState) {
			t.Errorf("dialled somebody who rings: %v", err)
		}
		isClosed(t, "refused Dial", mic)
		close(stuck.free)
		check(t, in.Decline(t.Context(), call.DeclineCall))
	})
}
