package call_test

import (
	"context"
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

// A device is a microphone that wants to know whether it is read.
type device struct {
	*clock
	muted atomic.Bool
	reads atomic.Int64
}

func (d *device) SetMuted(muted bool) { d.muted.Store(muted) }

func (d *device) Read(ctx context.Context) (media.Frame, error) {
	f, err := d.clock.Read(ctx)
	if err == nil {
		d.reads.Add(1)
	}
	return f, err
}

// TestMuteReachesTheDevice: on either side a device is told that it is muted, or that the call is on hold, and may let go.
// The mutation that makes it fail: borrowed without SetMuted.
func TestMuteReachesTheDevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := &device{clock: microphone(9000)}, &device{clock: microphone(9000)}
		p := connect(t, calltest.New(t, calltest.Options{OneWay: 20 * time.Millisecond}),
			call.Media{Send: []media.Source{a}}, call.Media{Send: []media.Source{b}})
		for _, side := range []struct {
			c *call.Call
			d *device
		}{{p.alice, a}, {p.bob, b}} {
			ctx := side.c.Streams()[0].Ctx
			for _, muted := range []bool{true, false} {
				if err := side.c.SetMuted(t.Context(), ctx, muted); err != nil || side.d.muted.Load() != muted {
					t.Errorf("muted %v: %v; the device thinks it is: %v", muted, err, side.d.muted.Load())
				}
			}
			for _, held := range []bool{true, false} {
				if err := side.c.Hold(t.Context(), held); err != nil || side.d.muted.Load() != held {
					t.Errorf("on hold %v: %v; the device thinks it is muted: %v", held, err, side.d.muted.Load())
				}
			}
			time.Sleep(time.Second)
		}
		p.hangup(t)
	})
}

// slow opens transports that take nothing any more once full is set.
type slow struct {
	*memory.Transport
	full atomic.Bool
}

func (s *slow) Open(ctx context.Context, relay string, m signal.Mailbox) (signal.Transport, error) {
	t, err := s.Transport.Open(ctx, relay, m)
	if err != nil {
		return nil, err
	}
	return slowTransport{t.(*memory.Transport), s}, nil
}

type slowTransport struct {
	*memory.Transport
	from *slow
}

func (s slowTransport) Send(ctx context.Context, p signal.Packet) error {
	if s.from.full.Load() {
		<-ctx.Done()
		return ctx.Err()
	}
	return s.Transport.Send(ctx, p)
}

// TestNobodyIsHeardAfterTheEnd: the sources fall silent when a call ends, not when its last messages have left. The mutation
// that makes it fail: finish without quiet.
func TestNobodyIsHeardAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var relay *slow
		n := calltest.New(t, calltest.Options{OneWay: 20 * time.Millisecond, Configure: func(name string, c *call.Config) {
			if name == "alice" {
				relay = &slow{Transport: c.Transports[0].(*memory.Transport)}
				c.Transports[0] = relay
			}
		}})
		d := &device{clock: microphone(9000)}
		p := connect(t, n, call.Media{Send: []media.Source{d}}, call.Media{})
		flows(t, p.fromAlice, media.Audio, true)
		relay.full.Store(true)
		before, start := d.reads.Load(), time.Now()
		p.alice.Close()
		if took := time.Since(start); took < 300*time.Millisecond {
			t.Fatalf("the end took %v: nothing was waited for", took)
		}
		if more := d.reads.Load() - before; more > 1 {
			t.Errorf("%d frames were read after the end", more)
		}
		<-p.bob.Done()
	})
}
