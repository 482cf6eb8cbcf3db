package pcm

// A queue holds samples in order, in a ring that grows up to a limit.
type queue struct {
	ring []int16
	head int // of the oldest
	n    int // how many there are
	most int // how many there may be
}

// room is how many more fit.
func (q *queue) room() int { return q.most - q.n }

// push adds what fits and returns how many that were.
func (q *queue) push(samples []int16) int {
	samples = samples[:min(len(samples), q.room())]
	q.grow(q.n + len(samples))
	for rest := samples; len(rest) > 0; {
		n := copy(q.free(), rest)
		q.n += n
		rest = rest[n:]
	}
	return len(samples)
}

// free is the part of the ring behind the newest sample, up to where it wraps.
func (q *queue) free() []int16 {
	end := q.head + q.n
	if end < len(q.ring) {
		return q.ring[end:]
	}
	end -= len(q.ring)
	return q.ring[end:q.head]
}

// grow makes room for n samples in all.
func (q *queue) grow(n int) {
	if n <= len(q.ring) {
		return
	}
	ring := make([]int16, min(max(n, 2*len(q.ring)), q.most))
	kept := q.peek(ring)
	q.ring, q.head, q.n = ring, 0, kept
}

// peek copies the oldest samples into dst and returns how many. They stay.
func (q *queue) peek(dst []int16) int {
	n := min(len(dst), q.n)
	first := copy(dst[:n], q.ring[q.head:])
	copy(dst[first:n], q.ring)
	return n
}

// pop moves the oldest samples into dst and returns how many.
func (q *queue) pop(dst []int16) int {
	n := q.peek(dst)
	q.drop(n)
	return n
}

// drop forgets the n oldest samples.
func (q *queue) drop(n int) {
	q.n -= n
	if q.n == 0 {
		q.head = 0
		return
	}
	q.head = (q.head + n) % len(q.ring)
}
