package ffmpeg

import (
	"errors"
	"io"
	"time"

	"github.com/sotto-calls/sotto/media"
)

// supervise is the stream's goroutine: it sees a process to its end and, for a live input, starts the next one.
func (s *Stream) supervise(r *run) {
	defer close(s.done)
	backoff := minBackoff
	for {
		err := r.carry()
		if !s.live {
			s.ended(err)
			return
		}
		if r.delivered() {
			backoff = minBackoff
		}
		if s.wanted() && !errors.Is(err, errClosed) {
			s.away(err)
			s.rest(backoff)
			backoff = min(2*backoff, maxBackoff)
		}
		for r = nil; r == nil; {
			if !s.awaitWanted() {
				s.ended(errClosed)
				return
			}
			if r, err = s.launch(); err != nil { // no more descriptors, or the program is gone
				s.away(err)
				s.rest(backoff)
				backoff = min(2*backoff, maxBackoff)
			}
		}
	}
}

// ended tells the tracks that nothing more comes.
func (s *Stream) ended(err error) {
	if errors.Is(err, io.EOF) {
		err = nil
	}
	s.mu.Lock()
	if !s.closed {
		s.lastErr = err
	}
	s.mu.Unlock()
	for _, q := range s.tracks() {
		q.finish(err)
	}
}

// wanted reports whether there should be a process.
func (s *Stream) wanted() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, q := range s.tracks() {
		if !s.closed && !q.closed && !q.muted {
			return true
		}
	}
	return false
}

// awaitWanted waits until there should be a process. It reports false when the stream is closed.
func (s *Stream) awaitWanted() bool {
	for !s.wanted() {
		select {
		case <-s.changed:
		case <-s.ctx.Done():
			return false
		}
	}
	return s.ctx.Err() == nil
}

// rest waits before the next attempt.
func (s *Stream) rest(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.ctx.Done():
	}
}

// away says, once, that the input does not work.
func (s *Stream) away(err error) {
	if errors.Is(err, io.EOF) {
		err = &Error{Op: "read " + s.plan.in.name, Err: io.ErrUnexpectedEOF}
	}
	err = s.plan.in.failure(err, true)
	s.mu.Lock()
	was := s.down
	s.down, s.lastErr = true, err
	s.mu.Unlock()
	if !was {
		s.notify(media.DeviceEvent{Device: s.plan.in.name, Err: err})
	}
}

// back says that the input works again, if it was said that it does not.
func (s *Stream) back() {
	s.mu.Lock()
	was := s.down
	s.down, s.lastErr = false, nil
	s.mu.Unlock()
	if was {
		s.notify(media.DeviceEvent{Device: s.plan.in.name, Up: true})
	}
}

func (s *Stream) notify(e media.DeviceEvent) {
	if s.plan.cfg.Notify != nil {
		s.plan.cfg.Notify(e)
	}
}
