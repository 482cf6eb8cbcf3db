package media

import (
	"sync"
	"time"
)

// driftSeen is how far sound and picture may drift apart until they are moved together again.
const driftSeen = 40 * time.Millisecond

// mostBack is how far a timestamp may go back, in ticks: three minutes of pictures, six of Opus.
const mostBack = 1 << 24

// A callClock joins the clocks of the tracks of one peer: what a sender report says about the sender's clock, and when
// things arrived by ours. Time 0 is the start of the track that came first.
type callClock struct {
	mu      sync.Mutex
	epoch   time.Time
	skew    time.Duration // our arrival time minus the sender's time, of the leader, or of the first track with a report
	skewSet bool
	leader  *receiveClock // the first track that keeps its start: the others follow it
}

// A receiveClock turns the RTP timestamps of one track into frame times. Arrival times it until a report of the sender
// says how the tracks lie beside each other.
type receiveClock struct {
	call *callClock
	rate int64

	// Guarded by call.mu, since reports come on another goroutine.
	started   bool
	first     int64     // unwrapped timestamp of the first frame
	start     time.Time // when that is, by the call's clock
	lastTS    int64
	lastTime  time.Duration
	corrected bool
	kept      bool // the start stays where the first frame put it, and times may go back
	report    senderReport
}

// A senderReport says which moment of the sender's clock an RTP timestamp is.
type senderReport struct {
	set bool
	at  time.Duration
	ts  uint32
}

// restart forgets the timestamps of a stream that ended; the next one goes on after it.
func (c *receiveClock) restart() {
	c.call.mu.Lock()
	defer c.call.mu.Unlock()
	c.started, c.corrected, c.report = false, false, senderReport{}
}

// setRate says how fast the timestamps of what comes now run. A change of it is another stream.
func (c *receiveClock) setRate(rate int64) {
	c.call.mu.Lock()
	defer c.call.mu.Unlock()
	if c.rate != rate {
		c.rate = rate
		c.started, c.corrected, c.report = false, false, senderReport{}
	}
}

// keep says that frames come out of order and that their sink counts on equal steps: the times go back where the
// timestamps do, and a report does not move them any more, but the other tracks.
func (c *receiveClock) keep(on bool) {
	c.call.mu.Lock()
	defer c.call.mu.Unlock()
	c.kept = on
}

// reported takes a sender report.
func (c *receiveClock) reported(at time.Duration, ts uint32) {
	c.call.mu.Lock()
	defer c.call.mu.Unlock()
	c.report = senderReport{set: true, at: at, ts: ts}
	switch {
	case !c.started:
	case c.kept:
		c.lead()
	default:
		c.align()
	}
}

// lead sets the call's clock by a track that nothing moves. Needs call.mu.
func (c *receiveClock) lead() {
	if c.call.leader == nil {
		c.call.leader = c
	}
	if c.call.leader == c {
		c.call.skew, c.call.skewSet = c.start.Sub(c.call.epoch)-c.sent(), true
	}
}

// sent is when the first frame was sent, by the sender's clock. Needs call.mu.
func (c *receiveClock) sent() time.Duration {
	return c.report.at + span(c.first-c.unwrap(c.report.ts), c.rate)
}

// align moves the start of the track to where the sender's report puts it: with the first report, and when the clock of
// what is sent has drifted so far that it can be seen. Needs call.mu.
func (c *receiveClock) align() {
	sent := c.sent()
	if !c.call.skewSet {
		c.call.skew, c.call.skewSet = c.start.Sub(c.call.epoch)-sent, true
	}
	start := c.call.epoch.Add(sent + c.call.skew)
	if !c.corrected || start.Sub(c.start).Abs() > driftSeen {
		c.start = start
	}
	c.corrected = true
}

// unwrap extends a timestamp next to the last one. What does not lie a little before it lies after it, perhaps by more than
// half of what timestamps count to: a track may have been muted for half a day. Needs call.mu.
func (c *receiveClock) unwrap(ts uint32) int64 {
	last := uint32(c.lastTS)
	if back := last - ts; back <= mostBack {
		return c.lastTS - int64(back)
	}
	return c.lastTS + int64(ts-last)
}

// time is the time of a frame with timestamp ts that is whole now. It never goes back, unless keep said so.
func (c *receiveClock) time(ts uint32, now time.Time) time.Duration {
	c.call.mu.Lock()
	defer c.call.mu.Unlock()
	if c.call.epoch.IsZero() {
		c.call.epoch = now
	}
	if !c.started {
		c.started, c.first, c.lastTS, c.start = true, int64(ts), int64(ts), now
		if c.report.set {
			c.align()
		}
	}
	this := c.unwrap(ts)
	at := c.start.Sub(c.call.epoch) + span(this-c.first, c.rate)
	if c.kept {
		c.lastTS = max(c.lastTS, this)
		return max(at, 0)
	}
	c.lastTS, c.lastTime = this, max(c.lastTime, at)
	return c.lastTime
}
