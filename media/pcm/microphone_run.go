package pcm

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/internal/resample"
)

// A capture is what the goroutine of a Microphone keeps over all its Inputs.
type capture struct {
	m     *Microphone
	retry backoff
	down  string // the device whose loss Notify was told; "": it is up

	clock       captureClock
	last        time.Time // of the last successful Read
	heardBlocks int       // from this Input
	fresh       bool      // nothing came from this Input yet

	up      *resample.Resampler
	folded  []int16 // one channel, at the Input's rate
	pending []int16 // one channel at 48 kHz, less than a block
	talk    *Detector
}

// run opens the device whenever it is wanted, and ends with ctx.
func (m *Microphone) run(ctx context.Context) {
	defer close(m.stopped)
	c := &capture{m: m, talk: NewDetector(mono)}
	for {
		session, end, err := m.wanted(ctx)
		if err != nil {
			return
		}
		err = c.listen(session)
		m.stats.quiet()
		switch {
		case ctx.Err() != nil:
			end()
			return
		case session.Err() != nil: // muted
			c.retry.reset()
		case errors.Is(err, io.EOF), hopeless(err):
			end()
			if !errors.Is(err, io.EOF) {
				c.lost(err)
			}
			m.end(err)
			return
		default:
			c.lost(err)
			pause(session, c.retry.next())
		}
		end()
	}
}

// wanted waits until the Microphone is not muted. The context it returns ends when it is muted again.
func (m *Microphone) wanted(ctx context.Context) (context.Context, context.CancelFunc, error) {
	for {
		m.mu.Lock()
		unmute := m.unmute
		if unmute == nil {
			session, end := context.WithCancel(ctx)
			m.session = end
			m.mu.Unlock()
			return session, end, ctx.Err()
		}
		m.mu.Unlock()
		select {
		case <-unmute:
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
	}
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// listen opens the device and takes what it hears until it fails or ctx ends.
func (c *capture) listen(ctx context.Context) error {
	in, err := c.m.cfg.Open(ctx)
	if err != nil {
		return err
	}
	defer closeWith(ctx, in)()
	f := in.Format()
	if err := deviceFormat(f, c.m.cfg.Label); err != nil {
		return err
	}
	c.up, c.pending, c.fresh, c.heardBlocks = nil, c.pending[:0], true, 0
	if f.Rate != rate {
		c.up = resample.New(f.Rate, rate, 1)
		c.m.stats.resampler.Store(int64(c.up.Delay()))
	}
	buf := make([]int16, f.Samples(block))
	for ctx.Err() == nil { // an Input may not mind that it is closed
		n, err := in.Read(ctx, buf)
		if n > 0 {
			delay := in.Delay()
			c.m.stats.input.Store(int64(delay))
			c.heard(ctx, buf[:n], f, delay)
		}
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

// heard takes samples of a device, the last of which was heard so long ago.
func (c *capture) heard(ctx context.Context, samples []int16, f Format, ago time.Duration) {
	now := time.Now()
	first := now.Add(-ago - f.Duration(len(samples)))
	if c.fresh || now.Sub(c.last) > standstill {
		c.clock.set(first, now)
	} else {
		c.clock.follow(first, mono.Duration(len(c.pending)), now)
	}
	c.last = now
	if c.fresh {
		c.fresh = false
		c.found()
	}
	if c.up == nil {
		c.pending = reshape(c.pending, samples, f.Channels, 1)
	} else {
		c.folded = reshape(c.folded[:0], samples, f.Channels, 1)
		c.pending = c.up.Resample(c.pending, c.folded)
	}
	whole := mono.Samples(block)
	rest := c.pending
	for len(rest) >= whole {
		c.block(ctx, rest[:whole], now)
		rest = rest[whole:]
	}
	c.pending = c.pending[:copy(c.pending, rest)]
}

// block takes 10 ms.
func (c *capture) block(ctx context.Context, samples []int16, now time.Time) {
	m := c.m
	for _, p := range m.cfg.Processors {
		p.Capture(samples)
	}
	v := c.talk.Process(samples)
	v.At = now
	m.stats.level.Store(int64(v.Level))
	m.stats.speaking.Store(v.Speaking)
	if m.cfg.Hear != nil {
		m.cfg.Hear(v)
	}
	m.mu.Lock()
	if ctx.Err() == nil {
		m.blocks.push(samples, c.clock.at)
		m.stats.dropped.Store(m.blocks.dropped)
	}
	m.mu.Unlock()
	c.clock.at += block
	if c.heardBlocks++; c.heardBlocks == steady {
		c.retry.reset()
	}
	m.give()
}

// give lets Read look.
func (m *Microphone) give() {
	select {
	case m.ready <- struct{}{}:
	default:
	}
}

// lost tells, once, that the device is away.
func (c *capture) lost(err error) {
	if c.down != "" {
		return
	}
	c.down = deviceOf(err, c.m.cfg.Label)
	c.m.stats.lost.Add(1)
	c.notify(media.DeviceEvent{Device: c.down, Err: err})
}

// found tells that the device is back, if it was told that it went.
func (c *capture) found() {
	c.m.stats.up.Store(true)
	if c.down == "" {
		return
	}
	c.notify(media.DeviceEvent{Device: c.down, Up: true})
	c.down = ""
}

func (c *capture) notify(e media.DeviceEvent) {
	if c.m.cfg.Notify != nil {
		c.m.cfg.Notify(e)
	}
}
