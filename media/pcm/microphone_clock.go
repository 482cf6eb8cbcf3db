package pcm

import "time"

// A captureClock tells when sound was heard. It counts samples, in equal steps: a device's clock is never quite ours, and how
// far it drifts, sender reports say. But an Input drops what nobody fetched in time without a word, and what was lost has
// taken its time too: then the clock is moved on.
type captureClock struct {
	began time.Time     // when time 0 was heard
	at    time.Duration // of the next block

	drift  time.Duration // how far the device's clock is behind by now, as far as any is
	least  time.Duration // the least that samples were behind since looked: some only came late, and more will follow
	looked time.Time
	fresh  bool // nothing was looked at since set
}

const (
	// standstill is how long a device may say nothing and still be taken to have gone on: after more, its sample clock is set
	// by the clock on the wall.
	standstill = 500 * time.Millisecond
	// lookAfter is how long samples are looked at before what they are behind counts: a stalled device catches up in less.
	lookAfter = 500 * time.Millisecond
	// mostLost is how far the clock may be behind for other reasons than drift: people notice twice as much beside a picture.
	mostLost   = 80 * time.Millisecond
	worstClock = 1000 // of a device loses one part in so many, at the most
	never      = 1<<63 - 1
)

// set sets the time of the next sample by the clock on the wall, on which it was heard at this time; never back.
func (c *captureClock) set(heard, now time.Time) {
	if c.began.IsZero() {
		c.began = heard
	}
	c.at = max(c.at, heard.Sub(c.began))
	c.drift, c.least, c.looked, c.fresh = 0, never, now, true
}

// follow compares the sample clock with the one on the wall. The next sample, before which so much waits to make a block, was
// heard at this time.
func (c *captureClock) follow(heard time.Time, waiting time.Duration, now time.Time) {
	c.least = min(c.least, heard.Sub(c.began)-c.at-waiting)
	since := now.Sub(c.looked)
	if since < lookAfter {
		return
	}
	if c.fresh { // who was first heard late is ahead since then
		c.drift, c.fresh = min(c.least, 0), false
	}
	if lost := c.least - c.drift; lost > mostLost {
		c.at += lost
	} else {
		c.drift += min(max(lost, -since/worstClock), since/worstClock)
	}
	c.least, c.looked = never, now
}
