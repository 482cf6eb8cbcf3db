// Package pace makes a source deliver its frames when they are due.
//
// A [Clock] begins at its first Wait and never drifts: each frame is due at a fixed distance from that beginning, whatever
// the frames before it cost. It waits on a timer, so it runs in virtual time under testing/synctest too.
package pace

import (
	"context"
	"io/fs"
	"sync"
	"time"
)

// Pause is how late a reader may be and still catch up. One that comes later has paused (a track was muted, a call held):
// sending all that was due meanwhile in a burst would help nobody, so the clock moves on by the pause instead.
const Pause = time.Second

// A Clock paces one reader. Wait is for one goroutine; Close may be called from any.
type Clock struct {
	start time.Time // of the first Wait
	shift time.Duration
	timer *time.Timer

	close  sync.Once
	closed chan struct{}
}

// New returns a clock that has not begun.
func New() *Clock { return &Clock{closed: make(chan struct{})} }

// Wait returns when at, counted from the first Wait, is due. It returns the time since then that the frame belongs to: at
// and all pauses so far. After Close the error is fs.ErrClosed, and when ctx ends first ctx.Err().
func (c *Clock) Wait(ctx context.Context, at time.Duration) (time.Duration, error) {
	if err := c.ended(ctx); err != nil {
		return 0, err
	}
	if c.start.IsZero() {
		c.start = time.Now()
	}
	wait := time.Until(c.start.Add(c.shift + at))
	if wait < -Pause {
		c.shift -= wait
	}
	if wait > 0 {
		if err := c.sleep(ctx, wait); err != nil {
			return 0, err
		}
	}
	return at + c.shift, nil
}

func (c *Clock) ended(ctx context.Context) error {
	select {
	case <-c.closed:
		return fs.ErrClosed
	default:
		return ctx.Err()
	}
}

func (c *Clock) sleep(ctx context.Context, d time.Duration) error {
	if c.timer == nil {
		c.timer = time.NewTimer(d)
	} else {
		c.timer.Reset(d)
	}
	select {
	case <-c.timer.C:
		return nil
	case <-ctx.Done():
		c.timer.Stop()
		return ctx.Err()
	case <-c.closed:
		c.timer.Stop()
		return fs.ErrClosed
	}
}

// Close ends the clock and the Wait that may be running. It is idempotent.
func (c *Clock) Close() { c.close.Do(func() { close(c.closed) }) }
