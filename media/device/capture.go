package device

import (
	"context"
	"image"
	"time"

	"github.com/sotto-calls/sotto/media"
)

const (
	firstRetry = 200 * time.Millisecond
	lastRetry  = 2 * time.Second
)

// run is the goroutine that takes pictures. It alone holds the device and calls Notify.
func (v *Video) run() {
	defer close(v.done)
	retry := firstRetry
	down := false
	for v.awaitWanted() {
		use, stop := v.use()
		err := v.capture(use, func() {
			retry = firstRetry
			if down {
				down = false
				v.notify(true, nil)
			}
		})
		ended := use.Err() != nil // muted or closed: no fault of the device
		stop()
		if ended {
			continue
		}
		if !down {
			down = true
			v.notify(false, err)
		}
		v.pause(retry)
		retry = min(2*retry, lastRetry)
	}
}

// awaitWanted waits while the source is muted. It reports false when the source is closed.
func (v *Video) awaitWanted() bool {
	for {
		v.mu.Lock()
		muted, changed := v.muted, v.changed
		v.mu.Unlock()
		if !muted {
			return v.life.Err() == nil
		}
		v.newest.forget()
		select {
		case <-changed:
		case <-v.life.Done():
			return false
		}
	}
}

// use is the context of one use of the device, until it is muted.
func (v *Video) use() (context.Context, context.CancelFunc) {
	ctx, stop := context.WithCancel(v.life)
	v.mu.Lock()
	defer v.mu.Unlock()
	v.stop = stop
	if v.muted {
		stop()
	}
	return ctx, stop
}

// pause waits before the device is tried again, or until somebody mutes or closes.
func (v *Video) pause(d time.Duration) {
	v.mu.Lock()
	changed := v.changed
	v.mu.Unlock()
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-changed:
	case <-v.life.Done():
	}
}

func (v *Video) notify(up bool, err error) {
	if v.cfg.Notify != nil {
		v.cfg.Notify(media.DeviceEvent{Device: v.name, Up: up, Err: err})
	}
}

// capture opens the device and takes pictures until ctx ends or the device fails. works is called after the first one.
func (v *Video) capture(ctx context.Context, works func()) error {
	g, err := v.open()
	if err != nil {
		return err
	}
	defer g.close()
	width, height := g.size()
	var f *fit
	var raw *image.YCbCr
	if width != v.cfg.Width || height != v.cfg.Height {
		f, raw = newFit(width, height, v.cfg.Width, v.cfg.Height, v.screen), newPicture(width, height)
	}
	rate := rateLimit{interval: time.Second / time.Duration(v.cfg.FrameRate)}
	for first := true; ; {
		s := v.newest.blank()
		into := s.picture
		if f != nil {
			into = raw
		}
		at, err := g.grab(ctx, into)
		if err != nil || !rate.admits(at) {
			v.newest.give(s)
			if err != nil {
				return err
			}
			continue
		}
		if f != nil {
			f.scale(s.picture, raw)
		}
		if first {
			works()
		}
		s.at, s.first = at, first
		first = false
		v.captured.Add(1)
		v.newest.put(s)
	}
}

// A rateLimit lets pictures through at no more than one an interval on average, whatever the device's own rate.
type rateLimit struct {
	interval time.Duration
	next     time.Time
}

func (r *rateLimit) admits(at time.Time) bool {
	if at.Before(r.next.Add(-r.interval / 4)) {
		return false
	}
	r.next = r.next.Add(r.interval)
	if r.next.Before(at) {
		r.next = at.Add(r.interval)
	}
	return true
}
