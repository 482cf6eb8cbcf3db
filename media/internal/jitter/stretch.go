package jitter

import "time"

// When the speed is changed. Below the first limit nothing happens; from there to the next one only where a sound repeats
// itself well, and seldom; above, sooner and with less choice.
const (
	slack      = 10 * time.Millisecond // over the target
	shortage   = 5 * time.Millisecond  // under it
	hurryAbove = 40 * time.Millisecond

	calmRest  = 200 * time.Millisecond // from one change to the next
	someRest  = 60 * time.Millisecond
	hurryRest = 30 * time.Millisecond

	likeWell   = 0.9
	likeEnough = 0.6
	patience   = 2 * time.Second // until anything will do
	quietPower = 50 * 50         // mean square of a sound so soft that it does not matter where it is cut
)

// changeSpeed plays a pitch period less, or one more, if the delay asks for it.
func (b *Buffer) changeSpeed(n int) {
	over := b.excess > int64(b.samples(slack))
	under := b.excess < -int64(b.samples(shortage))
	if !over && !under || b.filling || b.dry > 0 {
		b.waiting = 0
		return
	}
	b.waiting += n
	if b.rest > 0 {
		return
	}
	var moved int
	if over {
		moved = -b.accelerate()
	} else {
		moved = b.expand()
	}
	if moved == 0 {
		return
	}
	b.excess += int64(moved)
	b.waiting, b.rest = 0, b.samples(b.pace())
}

// pace is how long the speed is left alone now.
func (b *Buffer) pace() time.Duration {
	switch off := max(b.excess, -b.excess); {
	case off > int64(b.samples(hurryAbove)):
		return hurryRest
	case off > int64(b.samples(2*slack)):
		return someRest
	}
	return calmRest
}

// fits reports whether two pieces of sound are alike enough to go from one to the other.
func (b *Buffer) fits(like float64, x []int16) bool {
	need := likeWell
	if max(b.excess, -b.excess) > int64(b.samples(hurryAbove)) {
		need = likeEnough
	}
	return like >= need || b.waiting > b.samples(patience) || quiet(x)
}

func quiet(x []int16) bool {
	var sum int64
	for _, v := range x {
		sum += int64(v) * int64(v)
	}
	return sum <= quietPower*int64(len(x))
}

// accelerate leaves out one pitch period of what comes next, and returns how long that is: 0 if not enough is there, or
// it would be heard.
func (b *Buffer) accelerate() int {
	longest, ch := b.pitch.longest, b.cfg.Channels
	for b.sound.ready() < 2*longest {
		if !b.follows() {
			return 0
		}
		b.play()
	}
	x := b.sound.from(b.sound.head)[:2*longest*ch]
	period, like := b.pitch.find(x, 0, 1)
	if !b.fits(like, x) {
		return 0
	}
	crossfade(x[:period*ch], x[:period*ch], x[period*ch:], ch) // the first period becomes the second
	b.sound.remove(period, period)
	b.stats.Accelerated += uint64(period)
	return period
}

// follows reports whether the packet is there that follows what is decoded.
func (b *Buffer) follows() bool {
	p := b.queue.first()
	return p != nil && max(p.pos-b.next, b.next-p.pos) <= int64(b.samples(tolerance))
}

// expand plays one pitch period twice, and returns how long it is: 0 if not enough is there, or it would be heard.
func (b *Buffer) expand() int {
	longest, ch := b.pitch.longest, b.cfg.Channels
	if b.sound.head < longest || b.sound.ready() < longest {
		return 0
	}
	x := b.sound.from(b.sound.head - longest)[:2*longest*ch]
	period, like := b.pitch.find(x, longest, -1)
	if !b.fits(like, x) {
		return 0
	}
	add := b.scratch[:period*ch]
	crossfade(add, x[longest*ch:], x[(longest-period)*ch:], ch)
	b.sound.insert(add)
	b.stats.Expanded += uint64(period)
	return period
}

// crossfade goes from a to c over the length of dst, which may be a.
func crossfade(dst, a, c []int16, channels int) {
	n := len(dst) / channels
	for i := range n {
		for k := range channels {
			j := i*channels + k
			dst[j] = int16((int(a[j])*(n-i) + int(c[j])*i) / n)
		}
	}
}
