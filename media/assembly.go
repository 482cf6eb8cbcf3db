package media

import "time"

const (
	maxPacket  = 1500 // bytes of one received RTP packet; longer ones are cut by the reader and dropped
	videoSlots = 1024 // packets of video held at most; also bounds a frame to about 1.4 MB
	audioSlots = 128
)

// A packet is one received RTP packet, held until its frame is whole.
type packet struct {
	buf     [maxPacket]byte
	payload []byte // of buf
	rule    *rule  // the codec that its payload type stands for
	ts      uint32
	marker  bool
	taken   bool      // handed out already, out of turn
	at      time.Time // when it came
}

// An assembler puts packets back in order and frames together. It holds a bounded ring of packets, has no goroutine and
// no clock, and never looks at what is sealed.
//
// Packets before next are done with; packets from next to top were seen or are known to be missing.
type assembler struct {
	kind      Kind
	ring      []*packet
	asked     []ask
	free      []*packet
	next, top uint64 // extended sequence numbers; top is one past the highest seen
	held      int    // packets in the ring
	started   bool
	delivered bool
	scanned   uint64 // next ≤ scanned: everything before it is there and ends no frame
	hole      uint64 // the missing packet that holds the next frame up…
	holeSince time.Time
	broken    bool   // packets were given up since the last frame
	skipped   int    // their number
	spoilt    uint32 // the timestamp of a picture that lacks some, if there was a packet of it
	spoils    bool
	last      packetHead // of the last frame
	joint     joint      // scratch
	given     uint64     // packets given up, in all
	repaired  uint64     // packets that came after they were asked for
	malformed uint64     // packets that made no sense
}

// An ask remembers how often a missing packet was asked for.
type ask struct {
	seq  uint64
	last time.Time
	n    int
}

func newAssembler(kind Kind) *assembler {
	slots := videoSlots
	if kind == Audio {
		slots = audioSlots
	}
	return &assembler{kind: kind, ring: make([]*packet, slots)}
}

// take returns an empty packet to read into.
func (a *assembler) take() *packet {
	if n := len(a.free); n > 0 {
		p := a.free[n-1]
		a.free = a.free[:n-1]
		return p
	}
	return new(packet)
}

// release takes a packet back that is not needed any more.
func (a *assembler) release(p *packet) {
	p.payload, p.taken = nil, false
	if len(a.free) < 64 {
		a.free = append(a.free, p)
	}
}

func (a *assembler) slot(seq uint64) **packet { return &a.ring[seq%uint64(len(a.ring))] }

// push takes a packet with its 16-bit sequence number. It reports false, and takes p back, for one that was seen before
// or comes too late.
func (a *assembler) push(p *packet, seq16 uint16) bool {
	seq := a.extend(seq16)
	size := uint64(len(a.ring))
	switch {
	case seq < a.next && !a.delivered && a.top-seq <= size/2:
		a.next, a.scanned, a.holeSince = seq, seq, time.Time{} // the first packets came out of order
	case seq < a.next:
		a.release(p)
		return false
	case seq >= a.top+size: // a jump: whoever sends started anew
		a.giveUp(a.top)
		a.next, a.top, a.scanned, a.broken = seq, seq, seq, true
	case seq >= a.next+size:
		a.giveUp(seq - size + 1)
	}
	if *a.slot(seq) != nil {
		a.release(p)
		return false
	}
	*a.slot(seq) = p
	a.held++
	a.top = max(a.top, seq+1)
	if a.asked != nil {
		if k := a.asked[seq%uint64(len(a.asked))]; k.seq == seq && k.n > 0 {
			a.repaired++
		}
	}
	return true
}

// extend makes a 64-bit sequence number of the 16 bits on the wire, next to the highest seen.
func (a *assembler) extend(seq uint16) uint64 {
	if !a.started {
		a.started = true
		a.next = 1<<32 | uint64(seq)
		a.top, a.scanned = a.next, a.next
		return a.next
	}
	highest := a.top - 1
	return highest + uint64(int64(int16(seq-uint16(highest))))
}

// giveUp drops everything before seq.
func (a *assembler) giveUp(seq uint64) {
	for ; a.next < seq; a.next++ {
		p := *a.slot(a.next)
		if p == nil {
			a.given++
		}
		if p == nil || !p.taken {
			a.skipped++
		}
		if p != nil {
			if !p.taken {
				a.spoil(p)
			}
			*a.slot(a.next) = nil
			a.held--
			a.release(p)
		}
	}
	a.scanned, a.broken, a.holeSince = max(a.scanned, a.next), true, time.Time{}
	a.top = max(a.top, a.next)
}

// spoil notes that a picture lacks packets: of those to come, none begins a picture that has its timestamp.
func (a *assembler) spoil(p *packet) { a.spoilt, a.spoils, a.broken = p.ts, true, true }

// consume drops packets that became a frame, or are none.
func (a *assembler) consume(end uint64) {
	for ; a.next < end; a.next++ {
		if p := *a.slot(a.next); p != nil {
			*a.slot(a.next) = nil
			a.held--
			a.release(p)
		}
	}
	a.scanned, a.holeSince = max(a.scanned, a.next), time.Time{}
}

// missing reports whether a packet below the highest one is not there.
func (a *assembler) missing() bool { return uint64(a.held) < a.top-a.next }

// waited reports whether the hole at seq has been there for longer than wait, counted from the packet after it.
func (a *assembler) waited(seq uint64, now time.Time, wait time.Duration) bool {
	if a.hole != seq || a.holeSince.IsZero() {
		a.hole, a.holeSince = seq, now
		for s := seq + 1; s < a.top; s++ {
			if p := *a.slot(s); p != nil {
				a.holeSince = p.at
				break
			}
		}
	}
	return now.Sub(a.holeSince) >= wait
}
