package jitter

import "time"

// farthest is how far from the beginning times are believed; sums of three stay within 64 bits.
const farthest = time.Duration(1) << 60

func limit(t time.Duration) time.Duration { return min(max(t, -farthest), farthest) }

// A clock turns moments into time since the first one, and times into positions: counts of samples of one channel.
type clock struct {
	rate  int64
	epoch time.Time
	set   bool
}

func (c *clock) since(now time.Time) time.Duration {
	if !c.set {
		c.epoch, c.set = now, true
	}
	return limit(now.Sub(c.epoch))
}

// position is t in samples, to the nearest one: frame times are rounded down to nanoseconds on their way.
func (c *clock) position(t time.Duration) int64 {
	s, ns := int64(t/time.Second), int64(t%time.Second)
	half := int64(time.Second / 2)
	if ns < 0 {
		half = -half
	}
	return s*c.rate + (ns*c.rate+half)/int64(time.Second)
}

// duration is how long n samples last.
func (c *clock) duration(n int64) time.Duration {
	return time.Duration(n/c.rate)*time.Second + time.Duration(n%c.rate)*time.Second/time.Duration(c.rate)
}
