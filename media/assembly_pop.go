package media

import "time"

// A wholeFrame is one frame as it came: clear bytes and SFrame. data is valid until the next call of the assembler.
type wholeFrame struct {
	data    []byte
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
	a.joined = append(a.joined[:0], p.payload...)
	f := wholeFrame{data: a.joined, ts: p.ts, missing: a.skipped}
	a.finish(a.next + 1)
	return f
}

// picture makes a frame of the packets that begin with p. It is done with a frame, or without one when the rest has yet to
// come; it is not done when packets were dropped and the next ones are to be looked at.
func (a *assembler) picture(p *packet, now time.Time, wait time.Duration) (f wholeFrame, done bool) {
	first, ok := parseVP8Descriptor(p.payload)
	if !ok {
		a.malformed++
	}
	if ok && !first.start && !a.delivered && !a.broken && now.Sub(p.at) < wait {
		return f, true // the very first packets may come out of order
	}
	if !ok || !first.start { // its beginning is lost, or it makes no sense
		a.consume(a.next + 1)
		a.broken = true
		return f, false
	}
	end, whole := a.pictureEnd(p.ts)
	if !whole {
		if end == a.top || !a.waited(end, now, wait) {
			return f, true
		}
		a.giveUp(end + 1)
		return f, false
	}
	data, ok := a.join(end)
	if !ok {
		a.malformed++
		a.consume(end)
		a.broken = true
		return f, false
	}
	f = wholeFrame{data: data, ts: p.ts, missing: a.lost(first)}
	a.finish(end)
	return f, true
}

// pictureEnd looks for the end of the picture at next: one past its last packet, or the first packet that is not there.
func (a *assembler) pictureEnd(ts uint32) (end uint64, whole bool) {
	for s := max(a.scanned, a.next); s < a.top; s++ {
		q := *a.slot(s)
		if q == nil {
			a.scanned = s
			return s, false
		}
		if q.ts != ts { // no marker, but the next picture has begun
			return s, true
		}
		if q.marker {
			return s + 1, true
		}
	}
	a.scanned = a.top
	return a.top, false
}

// join puts the payloads of the packets from next to end together, without their descriptors.
func (a *assembler) join(end uint64) ([]byte, bool) {
	a.joined = a.joined[:0]
	for s := a.next; s < end; s++ {
		payload := (*a.slot(s)).payload
		if len(payload) == 0 {
			continue
		}
		d, ok := parseVP8Descriptor(payload)
		if !ok || d.start != (s == a.next) {
			return nil, false
		}
		a.joined = append(a.joined, payload[d.size:]...)
	}
	return a.joined, true
}

// lost is the number of pictures between the last one and this one: exact where both are numbered.
func (a *assembler) lost(d vp8Descriptor) int {
	n := 0
	if a.broken {
		n = 1
	}
	if a.delivered && d.mask != 0 && d.mask == a.lastID.mask {
		if gap := int((d.id - a.lastID.id - 1) & d.mask); gap < 64 || a.broken && gap < 1024 {
			n = gap
		}
	}
	a.lastID = d
	return n
}

// finish drops the packets of a frame that is handed out.
func (a *assembler) finish(end uint64) {
	a.consume(end)
	a.delivered, a.broken, a.skipped = true, false, 0
}
