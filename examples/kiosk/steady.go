package main

import (
	"context"
	"io/fs"
	"sync"
	"time"

	"github.com/sotto-calls/sotto/media"
)

const (
	firstRetry = 500 * time.Millisecond
	lastRetry  = 30 * time.Second
)

// A steady source is opened when it is first read, which is when a call has path and keys: of several contacts that are rung at
// once only one gets the camera. What it reads from may fail, end, or not open at all; then it is opened again, for as long as
// the call lasts, at growing intervals.
type steady struct {
	track  media.TrackInfo
	open   func(context.Context) (media.Source, error)
	lost   func(error) // told why it is opened again; must not block
	ctx    context.Context
	cancel context.CancelFunc

	// Of the goroutine that reads.
	start time.Time     // when time 0 was
	shift time.Duration // what is added to the times of src
	fresh bool          // src has yielded nothing yet
	retry time.Duration
	soon  time.Time // it is not opened before

	mu     sync.Mutex
	src    media.Source // nil: to be opened
	muted  bool
	closed bool
}

func newSteady(track media.TrackInfo, open func(context.Context) (media.Source, error), lost func(error)) *steady {
	s := &steady{track: track, open: open, lost: lost, retry: firstRetry}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// Track describes the source, also before it is open.
func (s *steady) Track() media.TrackInfo { return s.track }

// Read returns the next frame. It fails with ctx's error, and with one that matches fs.ErrClosed after Close.
func (s *steady) Read(ctx context.Context) (media.Frame, error) {
	for {
		src, err := s.source(ctx)
		if err == nil {
			var f media.Frame
			if f, err = src.Read(ctx); err == nil {
				return s.timed(f), nil
			}
		}
		if s.ctx.Err() != nil {
			return media.Frame{}, fs.ErrClosed
		}
		if ctx.Err() != nil {
			return media.Frame{}, ctx.Err()
		}
		s.again(err)
	}
}

// source is what is open, or opens it.
func (s *steady) source(ctx context.Context) (media.Source, error) {
	s.mu.Lock()
	src, closed := s.src, s.closed
	s.mu.Unlock()
	switch {
	case closed:
		return nil, fs.ErrClosed
	case src != nil:
		return src, nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.ctx, cancel)()
	if err := sleep(ctx, time.Until(s.soon)); err != nil {
		return nil, err
	}
	src, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	if !s.take(src) {
		src.Close()
		return nil, fs.ErrClosed
	}
	s.fresh = true
	return src, nil
}

// take puts what was opened in place, muted as it is to be; false: it was closed meanwhile. It tells the source so under the
// lock, or it might hear of being muted after it was unmuted. SetMuted returns at once.
func (s *steady) take(src media.Source) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.src = src
	if m, ok := src.(media.Muter); ok && s.muted {
		m.SetMuted(true)
	}
	return true
}

// timed gives a frame its time in the whole of what was read.
func (s *steady) timed(f media.Frame) media.Frame {
	now := time.Now()
	if s.start.IsZero() {
		s.start = now.Add(-f.Time)
	}
	if s.fresh {
		s.fresh, s.retry = false, firstRetry
		s.shift = now.Sub(s.start) - f.Time
	}
	f.Time += s.shift
	return f
}

// again lets go of what has failed. It is opened anew not before some time.
func (s *steady) again(err error) {
	s.mu.Lock()
	src := s.src
	s.src = nil
	s.mu.Unlock()
	if src != nil {
		src.Close()
	}
	s.lost(err)
	s.soon = time.Now().Add(s.retry)
	s.retry = min(2*s.retry, lastRetry)
}

// Close ends it, and a Read that waits.
func (s *steady) Close() error {
	s.cancel()
	s.mu.Lock()
	src := s.src
	s.src, s.closed = nil, true
	s.mu.Unlock()
	if src != nil {
		return src.Close()
	}
	return nil
}

// use calls f with what is open, if anything is.
func (s *steady) use(f func(media.Source)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.src != nil {
		f(s.src)
	}
}

// ForceKeyFrame passes the request on, if the source can obey.
func (s *steady) ForceKeyFrame() {
	s.use(func(src media.Source) {
		if k, ok := src.(media.KeyFramer); ok {
			k.ForceKeyFrame()
		}
	})
}

// SetBitrate passes the target on, if the source can obey.
func (s *steady) SetBitrate(bps int) {
	s.use(func(src media.Source) {
		if r, ok := src.(media.RateSetter); ok {
			r.SetBitrate(bps)
		}
	})
}

// SetMuted lets the device go, or takes it up again.
func (s *steady) SetMuted(muted bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.muted = muted
	if m, ok := s.src.(media.Muter); ok {
		m.SetMuted(muted)
	}
}

// sleep waits, or gives ctx's error.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
