package ffmpeg

import (
	"context"
	"io"
	"time"

	"github.com/sotto-calls/sotto/media"
)

// A source is one track of a Stream: a media.Source and media.Muter. All fields below are guarded by Stream.mu, but for the
// channels and what only Read uses.
type source struct {
	s    *Stream
	info media.TrackInfo

	q       queue
	end     error // no frame comes after those in q
	muted   bool
	closed  bool
	reading bool          // Read is waiting
	starved bool          // and found nothing
	read    time.Time     // when it last returned a frame
	last    time.Duration // of the frame that was returned last
	offset  time.Duration // live: added to the container's times, see place
	placed  int           // the run that offset is of

	ready chan struct{} // q or end has changed, for Read
	space chan struct{} // q has room, or the other track was read, for who fills q
	timer *time.Timer   // Read's
}

func newSource(s *Stream, kind media.Kind) *source {
	q := &source{s: s, last: -1, ready: make(chan struct{}, 1), space: make(chan struct{}, 1)}
	q.q = queue{video: kind == media.Video, span: audioSpan}
	switch {
	case !s.live:
		q.q.span = playSpan
	case kind == media.Video:
		q.q.span = videoSpan
	}
	q.q.waitKey = q.q.video
	return q
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Track says what the track is. Where Config asks for no size, the size is that of the first start of a live input.
func (q *source) Track() media.TrackInfo { return q.info }

// Read returns the next frame: of a live input when it comes, of a file when it is due. The error is io.EOF at the end of a
// file, fs.ErrClosed after Close, an *Error if ffmpeg failed.
func (q *source) Read(ctx context.Context) (media.Frame, error) {
	q.s.mu.Lock()
	q.reading = true
	q.s.mu.Unlock()
	defer func() {
		q.s.mu.Lock()
		q.reading, q.read = false, time.Now()
		q.s.mu.Unlock()
	}()
	for {
		if err := ctx.Err(); err != nil {
			return media.Frame{}, err
		}
		f, wait, err := q.next(time.Now())
		if wait == 0 {
			return f, err
		}
		if err := q.await(ctx, wait); err != nil {
			return media.Frame{}, err
		}
	}
}

// next is the frame that is due. A wait that is not 0 says how long to wait before asking again, negative: for a change.
func (q *source) next(now time.Time) (f media.Frame, wait time.Duration, err error) {
	q.s.mu.Lock()
	defer q.s.mu.Unlock()
	if q.closed {
		return f, 0, errClosed
	}
	if !q.s.live {
		wait = q.s.playAt(q, now)
	}
	switch {
	case len(q.q.frames) > 0 && wait > 0:
		return f, wait, nil
	case len(q.q.frames) > 0:
		f = q.q.take()
		if !q.s.live {
			f.Time += q.s.shift
		}
		if f.Time <= q.last { // two pictures at the same time would be taken for one
			f.Time = q.last + time.Millisecond
		}
		q.last, q.starved = f.Time, false
		signal(q.space)
		if o := q.other(); o != nil {
			signal(o.space)
		}
		return f, 0, nil
	case q.end != nil:
		return f, 0, q.end
	}
	q.starved = true
	return f, -1, nil
}

// await waits for d, if that is positive, or for a change.
func (q *source) await(ctx context.Context, d time.Duration) error {
	var due <-chan time.Time
	if d > 0 {
		if q.timer == nil {
			q.timer = time.NewTimer(d)
		} else {
			q.timer.Reset(d)
		}
		defer q.timer.Stop()
		due = q.timer.C
	}
	select {
	case <-due:
	case <-q.ready:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// other is the stream's other track, or nil.
func (q *source) other() *source {
	if q == q.s.video {
		return q.s.audio
	}
	return q.s.video
}

// active reports whether the track is being read. Needs mu.
func (q *source) active(now time.Time) bool {
	return q != nil && !q.closed && (q.end == nil || len(q.q.frames) > 0) && (q.reading || now.Sub(q.read) < pauseAfter)
}

// offer puts a live frame into the queue, unless nobody wants it.
func (q *source) offer(run int, f media.Frame) {
	q.s.mu.Lock()
	defer q.s.mu.Unlock()
	if q.end != nil {
		return
	}
	f.Time = q.s.place(q, run, f.Time)
	if q.muted || q.closed {
		q.q.clear()
		return
	}
	q.q.offer(f)
	signal(q.ready)
}

// push puts a frame of a file into the queue when there is room. It reports false when the stream is closed.
func (q *source) push(f media.Frame) bool {
	added, wait := q.tryPush(f)
	if added {
		return true
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for !added {
		select {
		case <-q.space:
		case <-timer.C:
		case <-q.s.ctx.Done():
			return false
		}
		added, wait = q.tryPush(f)
		timer.Reset(wait)
	}
	return true
}

// tryPush adds the frame if there is room. There is none until this track is read, or the other one is so far ahead that
// what waits here is of the past. wait is when to try again if nothing happens.
func (q *source) tryPush(f media.Frame) (added bool, wait time.Duration) {
	q.s.mu.Lock()
	defer q.s.mu.Unlock()
	now := time.Now()
	wait = time.Hour
	for !q.closed && q.q.full(f) {
		if !q.other().active(now) || q.s.start.IsZero() {
			return false, wait
		}
		if late := q.s.late(q.q.frames[0], now); late < overdueByMuch {
			return false, max(overdueByMuch-late, time.Millisecond)
		}
		q.q.drop()
	}
	if !q.closed {
		q.q.add(f)
		signal(q.ready)
	}
	return true, 0
}

// finish says that no frame comes any more.
func (q *source) finish(err error) {
	q.s.mu.Lock()
	defer q.s.mu.Unlock()
	if err == nil {
		err = io.EOF
	}
	if q.end == nil {
		q.end = err
	}
	signal(q.ready)
}

// SetMuted lets a live device go, or takes it up again, when all tracks of its stream are muted. It returns at once. Files
// do not care.
func (q *source) SetMuted(muted bool) {
	q.s.mu.Lock()
	defer q.s.mu.Unlock()
	q.muted = muted && q.s.live
	if q.muted {
		q.q.clear()
	}
	signal(q.s.changed)
}

// Close ends the track, and the stream with its last one. It is idempotent.
func (q *source) Close() error {
	q.s.mu.Lock()
	q.closed = true
	q.q.clear()
	signal(q.ready)
	signal(q.space)
	signal(q.s.changed)
	o := q.other()
	last := o == nil || o.closed
	q.s.mu.Unlock()
	if last {
		return q.s.Close()
	}
	return nil
}
