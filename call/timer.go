package call

import "time"

// Times of a call; the numbers are those of the field (docs/THREAT-MODEL names where they came from).
const (
	reachTime   = 20 * time.Second // to the first sign of the callee
	deviceTime  = 2 * time.Second  // from a device that cannot take the call to one that can
	ringTime    = 60 * time.Second
	maxRingTime = 90 * time.Second
	setupTime   = 15 * time.Second // accept to connected
	lostTime    = 20 * time.Second // without a path, or without the Ack of an epoch
	ackTime     = time.Second      // between two Acks of one epoch
	switchTime  = time.Second      // a committer waits that long for the Ack before it switches
	politeTime  = 2 * time.Second  // the callee leaves ICE restarts to the caller for that long
	restartTime = 4 * time.Second  // between two ICE restarts
	lateProof   = time.Second      // after the start of the sources: then key frames are sent again
	rekeyTime   = 60 * time.Minute
	renewPause  = time.Second // between two epochs at the least
	resendTime  = time.Second // first repetition of Invite and Accept; then doubled
)

// A timer is a point in time at which the machine wants to be called; at most one of each kind is set.
type timer uint8

const (
	timerReach timer = iota
	timerRing
	timerSetup
	timerLost
	timerAck
	timerAckLost
	timerSwitch
	timerRestart
	timerRekey
	timerResend
	timers
)

// clocks holds the timers that are set; the zero time means not set.
type clocks [timers]time.Time

func (c *clocks) set(t timer, at time.Time) { c[t] = at }
func (c *clocks) stop(ts ...timer) {
	for _, t := range ts {
		c[t] = time.Time{}
	}
}

// due takes out the first timer that has run out at now.
func (c *clocks) due(now time.Time) (timer, bool) {
	best, found := timer(0), false
	for t, at := range c {
		if !at.IsZero() && !at.After(now) && (!found || at.Before(c[best])) {
			best, found = timer(t), true
		}
	}
	if found {
		c.stop(best)
	}
	return best, found
}

// next is when the first timer runs out; zero if none is set.
func (c *clocks) next() time.Time {
	var first time.Time
	for _, at := range c {
		if !at.IsZero() && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	return first
}
