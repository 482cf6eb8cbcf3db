package pcm

import "time"

// ringBlocks is how much waits to be read before it is old: 200 ms.
const ringBlocks = 20

// A blockRing holds the last blocks that were captured, until they are read.
type blockRing struct {
	blocks  [ringBlocks]timedBlock
	head, n int
	stale   bool // blocks were overwritten, so the rest is old as well
	dropped int64
}

type timedBlock struct {
	at      time.Duration
	samples [rate / 100]int16
}

// push adds one block that began at a time of the sample clock. The oldest goes when there is no room.
func (r *blockRing) push(samples []int16, at time.Duration) {
	if r.n == ringBlocks {
		r.drop(1)
		r.stale = true
	}
	b := &r.blocks[(r.head+r.n)%ringBlocks]
	b.at = at
	copy(b.samples[:], samples)
	r.n++
}

// frame appends two blocks that follow each other to dst, and says when the first began. After nobody has read for long,
// it goes on with the newest ones.
func (r *blockRing) frame(dst []int16) ([]int16, time.Duration, bool) {
	if r.stale {
		r.drop(max(r.n-2, 0))
		r.stale = false
	}
	for r.n >= 2 {
		first, second := &r.blocks[r.head], &r.blocks[(r.head+1)%ringBlocks]
		if second.at-first.at != block {
			r.drop(1)
			continue
		}
		r.head, r.n = (r.head+2)%ringBlocks, r.n-2
		return append(append(dst, first.samples[:]...), second.samples[:]...), first.at, true
	}
	return dst, 0, false
}

func (r *blockRing) drop(n int) {
	r.head, r.n = (r.head+n)%ringBlocks, r.n-n
	r.dropped += int64(n)
}

func (r *blockRing) clear() { r.head, r.n, r.stale = 0, 0, false }
