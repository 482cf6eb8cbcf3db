package ffmpeg

import (
	"time"

	"github.com/sotto-calls/sotto/media"
)

// How far a live input's times may leave the clock before they are taken for a fault of its own.
const (
	maxAhead  = 2 * time.Second
	maxBehind = 10 * time.Second
)

// late is how long ago a frame of a file was due; negative: it is not due yet. Needs mu.
func (s *Stream) late(f media.Frame, now time.Time) time.Duration {
	return now.Sub(s.start) - s.shift - f.Time
}

// playAt says how long to wait until the first frame in q is due. The clock of a file begins with the first Read of any
// track. While the other track is read, frames that are much too late are dropped, so that the tracks stay together; when
// nothing was read for a while the file had paused, and goes on where it was; so it does where ffmpeg is too slow. Needs mu.
func (s *Stream) playAt(q *source, now time.Time) time.Duration {
	if s.start.IsZero() {
		s.start = now
	}
	for len(q.q.frames) > 0 {
		late := s.late(q.q.frames[0], now)
		switch {
		case late < 0:
			return -late
		case late > overdueByMuch && q.starved:
			s.shift += late
		case late > overdueByMuch && q.other().active(now):
			q.q.drop()
			signal(q.space)
			continue
		case late > pauseAfter:
			s.shift += late
		}
		return 0
	}
	return 0
}

// place turns the time of a live frame, which counts from the start of its process, into the stream's. Each process begins
// at the moment of its first frame, for both tracks alike. Needs mu.
func (s *Stream) place(q *source, run int, t time.Duration) time.Duration {
	now := time.Now()
	if s.start.IsZero() {
		s.start = now
	}
	elapsed := now.Sub(s.start)
	if s.run != run {
		s.run, s.offset = run, elapsed-t
		if run == 1 {
			s.offset = 0
		}
	}
	if q.placed != run {
		q.placed, q.offset = run, s.offset
	}
	if ahead := q.offset + t - elapsed; ahead > maxAhead || ahead < -maxBehind {
		q.offset = elapsed - t
	}
	return max(q.offset+t, 0)
}
