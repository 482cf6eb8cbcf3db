package media

import (
	"sync/atomic"
	"time"
)

// A sendClock turns the times of a source's frames into times of the connection, which all its tracks share.
//
// A source counts from 0 at its own start. What the peer wants to know is how the tracks lie beside each other, so each
// source is anchored at the moment of its first frame; and again when it was paused or replaced, so that it does not
// drift by the length of the pause, or when it runs further ahead than its clock can explain.
//
// The clock of a microphone is never quite ours. The timestamps of sound follow it all the same, in equal steps, since who
// plays them counts on that; sender reports say how far it has drifted.
type sendClock struct {
	set      bool
	anchor   time.Duration // connection time of the source's time 0
	anchored time.Duration // when it was found
	last     time.Duration // connection time of the last frame
	base     uint32        // RTP timestamp of connection time 0
	reported bool

	late   [2]time.Duration // the least that frames came late in the last few seconds, and in those before
	frames int
	drift  atomic.Int64 // nanoseconds that the source's clock is behind, read by reports
}

const (
	worstClock  = 1000                 // of a device gains or loses one part in so many
	driftFrames = 256                  // in each half of the window for drift
	driftLeast  = 5 * time.Millisecond // what is less is no drift, but the unrest of this machine
	never       = 1 << 62 * time.Nanosecond
)

// at returns the connection time of a frame with source time t that is read now. origin is when the sources were first
// allowed to be read: what starts with it is anchored at it exactly, whichever goroutine ran first.
func (c *sendClock) at(now, origin, t time.Duration, fresh bool) time.Duration {
	drift := now - (c.anchor + t)
	switch {
	case !c.set:
		c.anchor = now - t
		if late := c.anchor - origin; -resyncAfter < late && late < resyncAfter {
			c.anchor = origin
		}
	case fresh && drift > resyncAfter, -drift > resyncAfter+c.wrong(now): // stood still, or runs ahead of time
		c.anchor = max(now, c.last+time.Millisecond) - t
	default:
		c.follow(drift, now)
		return c.place(t)
	}
	c.set, c.anchored, c.frames = true, now, 0
	c.late = [2]time.Duration{never, never}
	c.drift.Store(0)
	return c.place(t)
}

// place puts a frame where the anchor says.
func (c *sendClock) place(t time.Duration) time.Duration {
	c.last = max(c.last, c.anchor+t)
	return c.anchor + t
}

// wrong is how wrong the clock of a device can be by now.
func (c *sendClock) wrong(now time.Duration) time.Duration { return (now - c.anchored) / worstClock }

// follow finds out how far the source's clock has drifted: frames come late for many reasons, but all of them only if the
// clock is slow, and early only if it is fast.
func (c *sendClock) follow(late, now time.Duration) {
	c.late[0] = min(c.late[0], late)
	if c.frames++; c.frames < driftFrames {
		return
	}
	c.frames = 0
	drift := min(c.late[0], c.late[1])
	c.late[1], c.late[0] = c.late[0], never
	if drift.Abs() < driftLeast || drift.Abs() > c.wrong(now) {
		drift = 0
	}
	c.drift.Store(int64(drift))
}

// timestamp is the RTP timestamp of a connection time.
func (c *sendClock) timestamp(elapsed time.Duration, rate int64) uint32 {
	return c.base + uint32(ticks(elapsed, rate))
}

// reading is the RTP timestamp of what a source whose clock has drifted yields at a connection time. Any goroutine may ask.
func (c *sendClock) reading(elapsed time.Duration, rate int64) uint32 {
	return c.timestamp(elapsed-time.Duration(c.drift.Load()), rate)
}

// unreported is true once.
func (c *sendClock) unreported() bool {
	was := c.reported
	c.reported = true
	return !was
}

// ticks converts to RTP clock ticks, rounded to the nearest, without overflow for any length of call.
func ticks(d time.Duration, rate int64) int64 {
	seconds, rest := int64(d/time.Second), int64(d%time.Second)
	half := int64(time.Second) / 2
	if rest < 0 {
		half = -half
	}
	return seconds*rate + (rest*rate+half)/int64(time.Second)
}

// span converts ticks back.
func span(ticks, rate int64) time.Duration {
	seconds, rest := ticks/rate, ticks%rate
	return time.Duration(seconds)*time.Second + time.Duration(rest)*time.Second/time.Duration(rate)
}
