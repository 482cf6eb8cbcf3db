package ffmpeg

import (
	"time"

	"github.com/sotto-calls/sotto/media"
)

const (
	maxQueue      = 64                     // frames, whatever they last
	videoSpan     = 500 * time.Millisecond // of a live input: what is older than that is no longer live
	audioSpan     = 200 * time.Millisecond //
	playSpan      = 500 * time.Millisecond // of a file, read ahead
	pauseAfter    = time.Second            // a file that nobody has read for so long has paused
	overdueByMuch = 500 * time.Millisecond // frames of a file that are so late are dropped while its other track goes on
)

// A queue holds frames between who makes them and who takes them. Its owner locks it.
type queue struct {
	video   bool
	span    time.Duration // between the first and the last frame, at most
	frames  []media.Frame
	waitKey bool   // video: what depends on a dropped frame is dropped too
	dropped uint64 // frames that nobody took in time
}

func (q *queue) full(next media.Frame) bool {
	n := len(q.frames)
	return n >= maxQueue || n > 0 && next.Time-q.frames[0].Time > q.span
}

// offer appends a frame. If there is no room, audio loses the oldest frame and video all that waits, and goes on with the
// next key frame: so what is taken is never older than span and can always be decoded.
func (q *queue) offer(f media.Frame) {
	for q.full(f) {
		if q.video {
			q.flush()
		} else {
			q.drop()
		}
	}
	q.add(f)
}

// add appends a frame, unless one that it depends on was dropped.
func (q *queue) add(f media.Frame) {
	if q.waitKey && !f.Key {
		q.dropped++
		return
	}
	q.waitKey = false
	q.frames = append(q.frames, f)
}

// take removes the first frame.
func (q *queue) take() media.Frame {
	f := q.frames[0]
	n := copy(q.frames, q.frames[1:]) // they are few, and so the memory stays
	q.frames[n] = media.Frame{}
	q.frames = q.frames[:n]
	return f
}

// drop drops the first frame and what depends on it.
func (q *queue) drop() {
	q.take()
	q.dropped++
	for q.video && len(q.frames) > 0 && !q.frames[0].Key {
		q.take()
		q.dropped++
	}
	q.waitKey = q.video && len(q.frames) == 0
}

// flush drops everything.
func (q *queue) flush() {
	q.dropped += uint64(len(q.frames))
	q.clear()
}

// clear forgets everything, uncounted.
func (q *queue) clear() {
	clear(q.frames)
	q.frames = q.frames[:0]
	q.waitKey = q.video
}
