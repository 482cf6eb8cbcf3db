package pulse

import "time"

// A clock carries the server's word about a delay on from the moment when it was given. A position is a count of bytes of
// the stream since it began.
type clock struct {
	known bool
	runs  bool          // the device consumes or yields sound
	at    time.Time     // when it was told
	delay time.Duration // of the byte at mark
	mark  int64
}

// heard is how long ago the byte at a position came into the microphone.
func (c clock) heard(position int64, now time.Time) time.Duration {
	if !c.known {
		return 0
	}
	return max(0, c.delay+lasting(c.mark-position)+now.Sub(c.at))
}

// due is how long it takes until the byte at a position comes out of the speaker.
func (c clock) due(position int64, now time.Time) time.Duration {
	if !c.known {
		return 0
	}
	d := c.delay + lasting(position-c.mark)
	if c.runs {
		d -= now.Sub(c.at)
	}
	return max(0, d)
}
