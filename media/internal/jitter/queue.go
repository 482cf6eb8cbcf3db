package jitter

import (
	"slices"
	"time"
)

// A packetAt is an encoded packet and where it belongs.
type packetAt struct {
	data  []byte
	pos   int64         // of its first sample
	span  int           // samples of one channel
	delay time.Duration // when it came less its media time
}

func (p *packetAt) end() int64 { return p.pos + int64(p.span) }

// A queue holds packets by position, and remembers which were played last.
type queue struct {
	list   [mostPackets + 1]packetAt
	n      int
	played [64]int64
	past   int      // how many were played
	last   packetAt // of those, without its data
}

func (q *queue) first() *packetAt {
	if q.n == 0 {
		return nil
	}
	return &q.list[0]
}

// end is the position after the newest packet.
func (q *queue) end() int64 { return q.list[q.n-1].end() }

func (q *queue) find(pos int64) (int, bool) {
	return slices.BinarySearchFunc(q.list[:q.n], pos, func(p packetAt, pos int64) int {
		switch {
		case p.pos < pos:
			return -1
		case p.pos > pos:
			return 1
		}
		return 0
	})
}

// seen reports whether a packet of this position is here or was played not long ago.
func (q *queue) seen(pos int64) bool {
	if _, found := q.find(pos); found {
		return true
	}
	return slices.Contains(q.played[:min(q.past, len(q.played))], pos)
}

// overlaps reports whether a packet holds more than so many samples that one beside it has, or the one that was played last.
func (q *queue) overlaps(p packetAt, most int64) bool {
	i, _ := q.find(p.pos)
	return i > 0 && common(&q.list[i-1], &p) > most ||
		i < q.n && common(&p, &q.list[i]) > most ||
		q.past > 0 && q.last.pos <= p.pos && common(&q.last, &p) > most ||
		q.past > 0 && q.last.pos > p.pos && common(&p, &q.last) > most
}

// common is by how much a ends after b begins.
func common(a, b *packetAt) int64 { return a.end() - b.pos }

func (q *queue) insert(p packetAt) {
	i, _ := q.find(p.pos)
	copy(q.list[i+1:q.n+1], q.list[i:q.n])
	q.list[i] = p
	q.n++
}

func (q *queue) pop() {
	copy(q.list[:], q.list[1:q.n])
	q.n--
	q.list[q.n] = packetAt{}
}

// take pops the first packet, which is played.
func (q *queue) take() packetAt {
	p := q.list[0]
	q.played[q.past%len(q.played)] = p.pos
	q.past++
	q.last = packetAt{pos: p.pos, span: p.span}
	q.pop()
	return p
}

// trim drops the oldest packets until the rest fits, and returns how many.
func (q *queue) trim(most int64) (dropped uint64) {
	for q.n > mostPackets || q.n > 1 && q.end()-q.list[0].pos > most {
		q.pop()
		dropped++
	}
	return dropped
}

// clear drops everything, and what was played is forgotten: times begin anew.
func (q *queue) clear() (dropped uint64) {
	dropped = uint64(q.n)
	*q = queue{}
	return dropped
}

// strays are packets whose times are far from all others, but near each other.
type strays struct {
	kept [3]packetAt
	n    int
}

// keep adds a packet; those that do not fit to it are dropped.
func (s *strays) keep(p packetAt) (dropped uint64) {
	if s.n > 0 && (p.delay-s.kept[0].delay).Abs() > strangeFrom {
		dropped = s.clear()
	}
	s.kept[s.n] = p
	s.n++
	return dropped
}

func (s *strays) clear() (dropped uint64) {
	dropped = uint64(s.n)
	*s = strays{}
	return dropped
}
