package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/media"
)

// A script is a source that yields some frames, 100 ms apart, and then fails.
type script struct {
	left   int
	err    error
	at     time.Duration
	muted  []bool
	closed int
	keys   int
}

func (s *script) Track() media.TrackInfo { return media.TrackInfo{} }
func (s *script) SetMuted(muted bool)    { s.muted = append(s.muted, muted) }
func (s *script) ForceKeyFrame()         { s.keys++ }
func (s *script) Close() error           { s.closed++; return nil }

func (s *script) Read(ctx context.Context) (media.Frame, error) {
	if err := sleep(ctx, 100*time.Millisecond); err != nil {
		return media.Frame{}, err
	}
	if s.left == 0 {
		return media.Frame{}, s.err
	}
	s.left--
	f := media.Frame{Time: s.at}
	s.at += 100 * time.Millisecond
	return f, nil
}

// Whatever it reads from ends or fails, it goes on, and the times of its frames are those of the clock.
func TestSteady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gone := errors.New("gone")
		scripts := []*script{{left: 3, err: gone}, nil, nil, {left: 2, err: io.EOF}, {left: 1000}}
		n := 0
		var lost []error
		s := newSteady(media.TrackInfo{Codec: media.VP8}, func(context.Context) (media.Source, error) {
			n++
			if scripts[n-1] == nil {
				return nil, gone
			}
			return scripts[n-1], nil
		}, func(err error) { lost = append(lost, err) })
		if s.Track().Codec != media.VP8 || n != 0 {
			t.Errorf("opened %d times before it is read", n)
		}
		start := time.Now()
		for i := range 10 {
			f, err := s.Read(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			// The first frame, at time 0, came 100 ms after the start.
			if due := time.Since(start) - 100*time.Millisecond; (f.Time - due).Abs() > time.Millisecond {
				t.Errorf("frame %d has time %v at %v", i, f.Time, due)
			}
		}
		if n != 5 || len(lost) != 4 || scripts[0].closed != 1 || scripts[3].closed != 1 {
			t.Errorf("opened %d times, lost %v", n, lost)
		}
		// 0.5 s after the first, then 1 s, 2 s; 0.5 s again after one that worked.
		if took := time.Since(start); took < 5*time.Second || took > 6*time.Second {
			t.Errorf("it took %v", took)
		}
		s.ForceKeyFrame()
		s.SetMuted(true)
		if scripts[4].keys != 1 || len(scripts[4].muted) != 1 {
			t.Error("a request was not passed on")
		}
		s.SetMuted(false)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if _, err := s.Read(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		if _, err := s.Read(t.Context()); err != nil { // a context ends its own Read only
			t.Error(err)
		}
		s.Close()
		s.Close()
		if _, err := s.Read(t.Context()); !errors.Is(err, fs.ErrClosed) || scripts[4].closed != 1 {
			t.Errorf("%v, closed %d times", err, scripts[4].closed)
		}
	})
}

// What does not open is tried again after half a second, twice as long, up to 30 s, and then every 30 s.
func TestSteadyTriesEvery30Seconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var opened []time.Duration
		start := time.Now()
		s := newSteady(media.TrackInfo{}, func(context.Context) (media.Source, error) {
			opened = append(opened, time.Since(start))
			return nil, io.ErrUnexpectedEOF
		}, func(error) {})
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		if _, err := s.Read(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		want := []time.Duration{0, 500, 1500, 3500, 7500, 15_500, 31_500} // ms
		for i := range want {
			want[i] *= time.Millisecond
		}
		for last := want[len(want)-1] + 30*time.Second; last < 5*time.Minute; last += 30 * time.Second {
			want = append(want, last)
		}
		if !slices.Equal(opened, want) {
			t.Errorf("opened after %v, want %v", opened, want)
		}
		s.Close()
	})
}

// A slowScript is unmuted by another goroutine while it is being muted.
type slowScript struct {
	script
	unmute func()
	done   chan struct{} // closed when it was
}

func (s *slowScript) SetMuted(muted bool) {
	if muted {
		go func() { s.unmute(); close(s.done) }()
		select {
		case <-s.done:
		case <-time.After(50 * time.Millisecond): // it has to wait for us
		}
	}
	s.script.SetMuted(muted)
}

// A source that is opened muted and unmuted in that moment hears of both in order.
func TestSteadyMutesInOrder(t *testing.T) {
	src := &slowScript{script: script{left: 1}, done: make(chan struct{})}
	s := newSteady(media.TrackInfo{}, func(context.Context) (media.Source, error) { return src, nil }, func(error) {})
	src.unmute = func() { s.SetMuted(false) }
	s.SetMuted(true)
	if _, err := s.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-src.done
	if !slices.Equal(src.muted, []bool{true, false}) {
		t.Errorf("muted: %v", src.muted)
	}
	s.Close()
}

// Close ends a Read that waits: to open, to open again, or for a frame.
func TestSteadyClosesWhileItWaits(t *testing.T) {
	for name, open := range map[string]func(context.Context) (media.Source, error){
		"opening": func(ctx context.Context) (media.Source, error) { <-ctx.Done(); return nil, ctx.Err() },
		"again":   func(context.Context) (media.Source, error) { return nil, io.ErrUnexpectedEOF },
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newSteady(media.TrackInfo{}, open, func(error) {})
			ended := make(chan error)
			go func() {
				_, err := s.Read(t.Context())
				ended <- err
			}()
			time.Sleep(10 * time.Minute)
			s.Close()
			if err := <-ended; !errors.Is(err, fs.ErrClosed) {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}
