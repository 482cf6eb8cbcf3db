package media

import "time"

// A wholeFrame is one frame as it came, laid out and sealed. data and ends are valid until the next call of the assembler.
type wholeFrame struct {
	data    []byte
	ends    []int // where its parts end that were sealed each on its own, but for the last
	rule    *rule
	key     bool // by the packets, where the layout does not say
	ts      uint32
	missing int // frames lost just before it, as far as that can be known
}

// pop returns the next frame in order. Without one that is whole it waits for what is missing, at most for wait; then the
// frame in question is lost and the next one's turn has come.
func (a *assembler) pop(now time.Time, wait time.Duration) (wholeFrame, bool) {
	for a.next < a.top {
		p := *a.slot(a.next)
		switch {
		case p == nil:
			if !a.waited(a.next, now, wait) {
				return wholeFrame{}, false
			}
			a.giveUp(a.next + 1)
		case p.taken:
			a.consume(a.next + 1)
			a.delivered = true
		case len(p.payload) == 0: // padding that a congestion controller sends is no frame
			a.consume(a.next + 1)
		case a.kind == Audio:
			return a.single(p), true
		default:
			if f, done := a.picture(p, now, wait); done {
				return f, f.data != nil
			}
		}
	}
	return wholeFrame{}, false
}

// single makes a frame of one packet.
func (a *assembler) single(p *packet) wholeFrame {
	a.joint.reset()
	a.joint.data = append(a.joint.data, p.payload...)
	f := wholeFrame{data: a.joint.data, rule: p.rule, ts: p.ts, missing: a.skipped}
	a.finish(a.next + 1)
	return f
}

// takeSkipped is the number of packets given up since it was last asked, where frames are handed out of turn.
func (a *assembler) takeSkipped() int {
	n := a.skipped
	a.skipped = 0
	return n
}

// picture makes a frame of the packets that begin with p. It is done with a frame, or without one when the rest has yet to
// come; it is not done when packets were dropped and the next ones are to be looked at.
func (a *assembler) picture(p *packet, now time.Time, wait time.Duration) (f wholeFrame, done bool) {
	first, ok := p.rule.packing.head(p.payload)
	if !ok {
		a.malformed++
	}
	if ok && !first.start && !a.delivered && !a.broken && now.Sub(p.at) < wait {
		return f, true // the very first packets may come out of order
	}
	if !ok || !first.start || a.spoils && a.spoilt == p.ts { // its beginning is lost, or it makes no sense
		a.spoil(p)
		a.consume(a.next + 1)
		return f, false
	}
	end, whole := a.pictureEnd(p)
	if !whole {
		if end == a.top || !a.waited(end, now, wait) {
			return f, true
		}
		a.giveUp(end + 1)
		return f, false
	}
	if !a.join(end) {
		a.malformed++
		a.spoil(p)
		a.consume(end)
		return f, false
	}
	f = wholeFrame{data: a.joint.data, ends: a.joint.ends, rule: p.rule, key: first.key, ts: p.ts, missing: a.lost(first)}
	a.finish(end)
	return f, true
}

// pictureEnd looks for the end of the picture that begins with p, at next: one past its last packet, or the first packet
// that is not there.
func (a *assembler) pictureEnd(p *packet) (end uint64, whole bool) {
	for s := max(a.scanned, a.next); s < a.top; s++ {
		q := *a.slot(s)
		if q == nil {
			a.scanned = s
			return s, false
		}
		if q.ts != p.ts || q.rule != p.rule { // no marker, but the next picture has begun
			return s, true
		}
		if q.marker {
			return s + 1, true
		}
	}
	a.scanned = a.top
	return a.top, false
}

// join puts what the packets from next to end carry together.
func (a *assembler) join(end uint64) bool {
	a.joint.reset()
	for s := a.next; s < end; s++ {
		p := *a.slot(s)
		if len(p.payload) == 0 {
			continue
		}
		h, ok := p.rule.packing.head(p.payload)
		if !ok || !p.rule.packing.join(&a.joint, h, p.payload) {
			return false
		}
	}
	return !a.joint.open && len(a.joint.data) > 0
}

// lost is the number of pictures between the last one and this one: exact where both are numbered. Else any hole counts as
// one, also that of parameter sets that a key frame of H264 opens without.
func (a *assembler) lost(h packetHead) int {
	n := 0
	if a.broken {
		n = 1
	}
	if a.delivered && h.mask != 0 && h.mask == a.last.mask {
		if gap := int((h.id - a.last.id - 1) & h.mask); gap < 64 || a.broken && gap < 1024 {
			n = gap
		}
	}
	a.last = h
	return n
}

// finish drops the packets of a frame that is handed out.
func (a *assembler) finish(end uint64) {
	a.consume(end)
	a.delivered, a.broken, a.spoils, a.skipped = true, false, false, 0
}
