package pcm

import (
	"context"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/internal/resample"
)

// A playing is what the goroutine of a Speaker keeps over all its Outputs.
type playing struct {
	s     *Speaker
	retry backoff
	down  string // the device whose loss Notify was told; "": it is up
}

// opened is what became of one call of Open.
type opened struct {
	out Output
	err error
}

// run plays on one Output after the other, and ends with ctx.
func (s *Speaker) run(ctx context.Context) {
	defer close(s.stopped)
	p := &playing{s: s}
	for ctx.Err() == nil {
		out, err := p.open(ctx)
		if err == nil {
			err = p.play(ctx, out)
			s.counts.up.Store(false)
		}
		if ctx.Err() != nil {
			return
		}
		p.lost(err)
		if hopeless(err) {
			s.fail(err)
			return
		}
		p.idle(ctx, time.After(p.retry.next()), nil)
	}
}

// open opens the device, which may take long: the tracks go on meanwhile.
func (p *playing) open(ctx context.Context) (Output, error) {
	done := make(chan opened, 1)
	go func() {
		out, err := p.s.cfg.Open(ctx)
		done <- opened{out, err}
	}()
	got := p.idle(ctx, nil, done)
	if got.err != nil {
		return nil, got.err
	}
	err := ctx.Err()
	if err == nil {
		err = deviceFormat(got.out.Format(), "speaker")
	}
	if err != nil {
		got.out.Close()
		return nil, err
	}
	return got.out, nil
}

// idle takes from the tracks what would be played, by the clock, until a time or until the device was opened. Where it is
// being opened, the end of ctx makes Open return.
func (p *playing) idle(ctx context.Context, till <-chan time.Time, done <-chan opened) opened {
	tick := time.NewTicker(block)
	defer tick.Stop()
	ended := ctx.Done()
	if done != nil {
		ended = nil
	}
	for {
		select {
		case <-tick.C:
			p.s.next(time.Now())
		case got := <-done:
			return got
		case <-till:
			return opened{}
		case <-ended:
			return opened{}
		}
	}
}

// play plays on one Output until it fails or ctx ends.
func (p *playing) play(ctx context.Context, out Output) error {
	defer closeWith(ctx, out)()
	f := out.Format()
	var up *resample.Resampler
	var held time.Duration
	if f.Rate != rate {
		up = resample.New(rate, f.Rate, 1)
		held = up.Delay()
	}
	p.s.counts.resampler.Store(int64(held))
	var narrow, wide []int16 // at the device's rate; in its channels
	had := false
	for written := 1; ctx.Err() == nil; written++ { // an Output may not mind that it is closed
		delay := out.Delay()
		if had && delay == 0 {
			p.s.counts.underruns.Add(1)
		}
		had = delay > 0
		p.s.counts.delay.Store(int64(delay))
		p.s.next(time.Now())
		for _, c := range p.s.cfg.Processors {
			c.Playback(p.s.mix, delay+held)
		}
		if up == nil {
			narrow = append(narrow[:0], p.s.mix...)
		} else {
			narrow = up.Resample(narrow[:0], p.s.mix)
		}
		wide = reshape(wide[:0], narrow, 1, f.Channels)
		if err := out.Write(ctx, wide); err != nil {
			return err
		}
		p.s.counts.up.Store(true)
		if written == steady { // pipes and rings take the first writes though nothing plays them
			p.found()
			p.retry.reset()
		}
	}
	return ctx.Err()
}

// lost tells, once, that the device is away.
func (p *playing) lost(err error) {
	if p.down != "" {
		return
	}
	p.down = deviceOf(err, "speaker")
	p.s.counts.lost.Add(1)
	p.notify(media.DeviceEvent{Device: p.down, Err: err})
}

// found tells that the device is back, if it was told that it went.
func (p *playing) found() {
	if p.down == "" {
		return
	}
	p.notify(media.DeviceEvent{Device: p.down, Up: true})
	p.down = ""
}

func (p *playing) notify(e media.DeviceEvent) {
	if p.s.cfg.Notify != nil {
		p.s.cfg.Notify(e)
	}
}
