package jitter

import (
	"slices"
	"time"
)

const (
	window      = 512              // delays that are remembered: ten seconds of 20 ms frames
	windowTime  = 10 * time.Second // and for how long
	firstTarget = 40 * time.Millisecond
	firstFew    = 50                    // packets until the first target may be left downwards
	pullTime    = 10 * time.Millisecond // a pull may begin just before a packet ends, and needs the next one then
	lossCost    = 20 * time.Millisecond // of delay are worth one percent of packets that come in time
	mostLate    = 3                     // percent of packets that may be given up for less delay
	recentFew   = 5                     // packets that all came late: it is the network, not bad luck
	levelFew    = 25                    // packets that all came later, or earlier, than all before: the way is another one
	strangeFrom = time.Second           // off all other delays, a packet's time is of another clock
)

// delays remembers how late the packets of the last seconds came, and finds the delay that is right for them. A delay is
// when a packet came less its media time: only differences between delays mean something.
type delays struct {
	min, max time.Duration
	floor    time.Duration // target while few packets were seen
	ring     [window]time.Duration
	came     [window]time.Duration
	oldest   int
	n        int
	sorted   [window]time.Duration
	count    int // packets since reset
	base     time.Duration
	best     time.Duration // the target, over base
}

func (d *delays) reset(least, most, floor time.Duration) {
	*d = delays{min: least, max: most, floor: min(max(floor, least), most)}
	d.best = d.floor
}

// strange reports whether delay cannot be of the same clock as those before.
func (d *delays) strange(delay time.Duration) bool {
	return d.n > 0 && (delay-d.base).Abs() > strangeFrom
}

// target is how long the quickest packet waits.
func (d *delays) target() time.Duration { return d.best }

// lag is how far playing is behind the media times when the target is met.
func (d *delays) lag() time.Duration { return d.base + d.best }

// add takes the delay of a packet that came now.
func (d *delays) add(delay, now time.Duration) {
	for d.n > 0 && (d.n == window || now-d.came[d.oldest] > windowTime) {
		d.forget()
	}
	if d.n == 0 {
		d.reset(d.min, d.max, d.best)
	}
	i := (d.oldest + d.n) % window
	d.ring[i], d.came[i] = delay, now
	at, _ := slices.BinarySearch(d.sorted[:d.n], delay)
	copy(d.sorted[at+1:d.n+1], d.sorted[at:d.n])
	d.sorted[at] = delay
	d.n++
	d.count++
	d.level()
	d.choose()
}

// forget drops the oldest delay.
func (d *delays) forget() {
	at, _ := slices.BinarySearch(d.sorted[:d.n], d.ring[d.oldest])
	copy(d.sorted[at:], d.sorted[at+1:d.n])
	d.oldest = (d.oldest + 1) % window
	d.n--
}

// latest is the least and the most of the last n delays.
func (d *delays) latest(n int) (least, most time.Duration) {
	least, most = farthest, -farthest
	for i := max(d.n-n, 0); i < d.n; i++ {
		v := d.ring[(d.oldest+i)%window]
		least, most = min(least, v), max(most, v)
	}
	return least, most
}

// level forgets what was before the way through the network changed: the last packets are all later, or all earlier, than
// nearly every one before them. Nearly, for packets of both ways mix at first.
func (d *delays) level() {
	if d.n < 4*levelFew {
		return
	}
	least, most := d.latest(levelFew)
	if least > d.sorted[d.n-2*levelFew] || most < d.sorted[2*levelFew-1] {
		for d.n > levelFew {
			d.forget()
		}
	}
}

// choose finds the target. Waiting for the last packet costs its delay, not waiting for it one packet.
func (d *delays) choose() {
	s := d.sorted[:d.n]
	d.base = s[d.n/100]
	best, cost := s[d.n-1], s[d.n-1]
	for late := 1; late <= d.n*mostLate/100; late++ {
		v := s[d.n-1-late]
		if c := v + lossCost*100*time.Duration(late)/time.Duration(d.n); c < cost {
			best, cost = v, c
		}
	}
	if d.n >= recentFew {
		least, _ := d.latest(recentFew)
		best = max(best, least)
	}
	want := best - d.base + pullTime
	if d.count < firstFew {
		want = max(want, d.floor)
	}
	d.best = min(max(want, d.min), d.max)
}

// A lag remembers how far playing was behind the media times at the last pulls, in samples. The least counts: a device
// that pulls in bursts needs its sound at the last pull of each.
type lag struct {
	ring  [64]int64 // less moved
	n     int
	at    int
	moved int64 // sum of all shifts
}

func (l *lag) reset() { *l = lag{} }

func (l *lag) add(v int64) {
	l.ring[l.at] = v - l.moved
	l.at = (l.at + 1) % len(l.ring)
	l.n = min(l.n+1, len(l.ring))
}

// shift says that playing fell back by v otherwise than by pulls.
func (l *lag) shift(v int64) { l.moved += v }

func (l *lag) least() int64 { return slices.Min(l.ring[:l.n]) + l.moved }
