package pcm

import (
	"context"
	"time"
)

// A Format says how samples lie in memory: int16, native, channels interleaved.
type Format struct {
	Rate     int // samples a second of one channel: 8000, 16000, 24000 or 48000; of an Input or Output also 12000 or 44100
	Channels int // 1 or 2
}

// Samples is how many int16 values, of all channels together, d of sound takes.
func (f Format) Samples(d time.Duration) int {
	return int(d*time.Duration(f.Rate)/time.Second) * f.Channels
}

// Duration is how long n int16 values, of all channels together, last.
func (f Format) Duration(n int) time.Duration {
	return time.Duration(n/f.Channels) * time.Second / time.Duration(f.Rate)
}

// An Input is where sound comes from: a microphone, or another program. One goroutine reads it.
type Input interface {
	// Format is constant.
	Format() Format
	// Read fills buf with what comes next, waiting until at least one sample is there, and returns how many int16 values it
	// wrote: a multiple of the channels. It fails with a *media.DeviceError when the device went away, io.EOF at the end of
	// something that has one, ctx.Err() when ctx ends first.
	Read(ctx context.Context, buf []int16) (int, error)
	// Delay is how long ago the sample was heard that Read will return next, as far as that is known.
	Delay() time.Duration
	// Close lets the device go. It is idempotent and may be called while Read waits, which then ends.
	Close() error
}

// An Output is where sound is played. One goroutine writes it.
type Output interface {
	// Format is constant.
	Format() Format
	// Write plays samples, waiting for room: so the device's clock paces who writes. It fails as Input.Read does.
	Write(ctx context.Context, samples []int16) error
	// Delay is how long it takes until a sample is heard that would be written now, as far as that is known.
	Delay() time.Duration
	// Close stops at once and lets the device go. It is idempotent and may be called while Write waits, which then ends.
	Close() error
}
