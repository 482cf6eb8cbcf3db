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
	ahead    time.Duration // a source that is further ahead than this is not paced by a clock
	anchor   time.Duration // connection time of the source's time 0
	last     time.Duration // connection time of the last frame
	base     uint32        // RTP timestamp of connection time 0
	reported bool

	late   [2]time.Duration // the least that frames came late in the last few seconds, and in those before
	frames int
	drift  atomic.Int64 // nanoseconds that the source's clock is behind, read by reports
}

const (
	soundAhead  = time.Second            // of sound: hours of a device whose clock is too fast
	videoAhead  = 50 * time.Millisecond  // of pictures, which come by the time of day
	driftFrames = 256                    // in each half of the window for drift
	driftLeast  = 5 * time.Millisecond   // what is less is no drift, but the unrest of this machine
	driftMost   = 900 * time.Millisecond // what is more is no drift either, but a source that stood still
)

func newSendClock(kind Kind, base uint32) *sendClock {
	c := &sendClock{base: base, ahead: videoAhead}
	if kind == Audio {
		c.ahead = soundAhead
	}
	return c
}

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
		c.forget()
	case fresh && drift > resyncAfter, drift < -c.ahead: // stood still, or runs ahead of time
		c.anchor = max(now, c.last+time.Millisecond) - t
		c.forget()
	default:
		c.follow(drift)
	}
	c.set = true
	c.last = max(c.last, c.anchor+t)
	return c.anchor + t
}

// forget begins to look for drift anew.
func (c *sendClock) forget() {
	c.late = [2]time.Duration{driftMost, driftMost}
	c.frames = 0
	c.drift.Store(0)
}

// follow finds out how far the source's clock has drifted: frames come late for many reasons, but all of them only if the
// clock is slow, and early only if it is fast.
func (c *sendClock) follow(late time.Duration) {
	c.late[0] = min(c.late[0], late)
	if c.frames++; c.frames < driftFrames {
		return
	}
	c.frames = 0
	drift := min(c.late[0], c.late[1])
	c.late[1], c.late[0] = c.late[0], driftMost
	if drift.Abs() < driftLeast || drift == driftMost {
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
