package media

import "time"

// A sendClock turns the times of a source's frames into times of the connection, which all its tracks share.
//
// A source counts from 0 at its own start. What the peer wants to know is how the tracks lie beside each other, so each
// source is anchored at the moment of its first frame; and again when it was paused or replaced, so that it does not
// drift by the length of the pause, or when it runs ahead of the clock that it should be paced by.
type sendClock struct {
	set      bool
	anchor   time.Duration // connection time of the source's time 0
	last     time.Duration // connection time of the last frame
	base     uint32        // RTP timestamp of connection time 0
	reported bool
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
	case fresh && drift > resyncAfter, drift < -resyncAfter: // stood still, or runs ahead of time
		c.anchor = max(now, c.last+time.Millisecond) - t
	}
	c.set = true
	c.last = max(c.last, c.anchor+t)
	return c.anchor + t
}

// timestamp is the RTP timestamp of a connection time.
func (c *sendClock) timestamp(elapsed time.Duration, rate int64) uint32 {
	return c.base + uint32(ticks(elapsed, rate))
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
