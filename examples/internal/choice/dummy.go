package choice

import (
	"context"
	"io/fs"
	"math"
	"sync"
	"time"

	"github.com/sotto-calls/sotto/media/pcm"
)

// mono is the format of the test devices.
var mono = pcm.Format{Rate: 48000, Channels: 1}

const step = 10 * time.Millisecond

// A clock paces what has no device's clock.
type clock struct {
	quit chan struct{}
	once sync.Once
	next time.Time // of whoever is paced
}

// wait returns when the next step is due. Who comes late by more than a second has lost what was between.
func (c *clock) wait(ctx context.Context) error {
	now := time.Now()
	if c.next.IsZero() || now.Sub(c.next) > time.Second {
		c.next = now
	}
	timer := time.NewTimer(c.next.Sub(now))
	defer timer.Stop()
	c.next = c.next.Add(step)
	select {
	case <-timer.C:
		select {
		case <-c.quit: // both may be
			return fs.ErrClosed
		default:
			return ctx.Err()
		}
	case <-ctx.Done():
		return ctx.Err()
	case <-c.quit:
		return fs.ErrClosed
	}
}

// Close ends who waits.
func (c *clock) Close() error {
	c.once.Do(func() { close(c.quit) })
	return nil
}

// A Tone is a microphone that hears 440 Hz at -20 dB.
type Tone struct {
	clock
	at int // samples into this second
}

// NewTone returns one.
func NewTone() *Tone { return &Tone{clock: clock{quit: make(chan struct{})}} }

// Format is 48 kHz mono.
func (t *Tone) Format() pcm.Format { return mono }

// Delay is none.
func (t *Tone) Delay() time.Duration { return 0 }

// Read yields 10 ms, when they are due.
func (t *Tone) Read(ctx context.Context, buf []int16) (int, error) {
	if err := t.wait(ctx); err != nil {
		return 0, err
	}
	const pitch, loud = 440, 0.1
	buf = buf[:min(len(buf), mono.Samples(step))]
	for i := range buf {
		buf[i] = int16(loud * math.MaxInt16 * math.Sin(2*math.Pi*pitch*float64(t.at)/float64(mono.Rate)))
		t.at = (t.at + 1) % mono.Rate
	}
	return len(buf), nil
}

// A Dummy is a speaker that plays nothing.
type Dummy struct {
	clock
	heard func(level uint8)
	said  time.Time
}

// NewDummy returns one. It tells heard how loud it would be, in -dBov: at the first sound, and then every 10 s.
func NewDummy(heard func(level uint8)) *Dummy {
	return &Dummy{clock: clock{quit: make(chan struct{})}, heard: heard}
}

// Format is 48 kHz mono.
func (d *Dummy) Format() pcm.Format { return mono }

// Delay is none.
func (d *Dummy) Delay() time.Duration { return 0 }

// Write takes samples at the speed at which they would be played.
func (d *Dummy) Write(ctx context.Context, samples []int16) error {
	const audible, each = 60, 10 * time.Second
	if level, now := pcm.Level(samples), time.Now(); level <= audible && now.Sub(d.said) >= each {
		d.said = now
		d.heard(level)
	}
	for played := 0; played < len(samples); played += mono.Samples(step) {
		if err := d.wait(ctx); err != nil {
			return err
		}
	}
	return nil
}
