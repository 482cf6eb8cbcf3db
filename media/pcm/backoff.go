package pcm

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/sotto-calls/sotto/media"
)

// How long a device that failed is left alone.
const (
	firstRetry = 200 * time.Millisecond
	lastRetry  = 2 * time.Second
)

// steady is how many blocks a device must work for before it is trusted again: one that fails right after it was opened is
// left alone for longer each time, and a speaker is not back.
const steady = int(time.Second / block)

// A backoff says how long to wait before the next try.
type backoff time.Duration

func (b *backoff) next() time.Duration {
	wait := max(time.Duration(*b), firstRetry)
	*b = backoff(min(2*wait, lastRetry))
	return wait
}

func (b *backoff) reset() { *b = 0 }

// closeWith closes a device when ctx ends, at once, even if its Read or Write is slow to see that. The function it returns
// closes it in any case, and returns when it is closed.
func closeWith(ctx context.Context, device io.Closer) func() {
	closed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(closed)
		device.Close()
	})
	return func() {
		if !stop() {
			<-closed
		}
		device.Close()
	}
}

// hopeless reports whether opening again cannot help.
func hopeless(err error) bool {
	e, ok := errors.AsType[*media.DeviceError](err)
	return ok && (e.Fault == media.DeviceNotBuilt || e.Fault == media.DeviceUnsupported)
}

// deviceOf is the device's name in err, or name.
func deviceOf(err error, name string) string {
	if e, ok := errors.AsType[*media.DeviceError](err); ok && e.Device != "" {
		return e.Device
	}
	return name
}

// deviceFormat refuses a format that no device has.
func deviceFormat(f Format, name string) error {
	switch f.Rate {
	case 8000, 12000, 16000, 24000, 44100, 48000:
		if f.Channels == 1 || f.Channels == 2 {
			return nil
		}
	}
	return &media.DeviceError{Device: name, Fault: media.DeviceUnsupported,
		Advice: "open it with one or two channels at 8, 12, 16, 24, 44.1 or 48 kHz"}
}
