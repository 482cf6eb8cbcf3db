package pcm

import (
	"errors"
	"time"

	"github.com/sotto-calls/sotto/media"
)

// How long a device that failed is left alone.
const (
	firstRetry = 200 * time.Millisecond
	lastRetry  = 2 * time.Second
)

// A backoff says how long to wait before the next try.
type backoff time.Duration

func (b *backoff) next() time.Duration {
	wait := max(time.Duration(*b), firstRetry)
	*b = backoff(min(2*wait, lastRetry))
	return wait
}

func (b *backoff) reset() { *b = 0 }

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
