package jitter

import "time"

// tolerance is by how much the times of packets may be off without anything missing between them: rounding, and clocks that
// are corrected.
const tolerance = time.Millisecond

// fill sees to it that n samples are ready, or the buffer pauses.
func (b *Buffer) fill(n int) {
	for b.playing && b.sound.ready() < n {
		b.advance()
	}
}

// advance adds the next piece of sound: a packet, or something in place of one.
func (b *Buffer) advance() {
	p := b.queue.first()
	if p == nil {
		b.runDry()
		return
	}
	if b.dry > 0 {
		b.wake(p)
	}
	if gap := p.pos - b.next; gap > int64(b.samples(tolerance)) {
		b.bridge(p, gap)
		return
	}
	b.play()
}

// runDry conceals where no packet is there at all. What is missing may be late rather than lost, so next waits for it.
func (b *Buffer) runDry() {
	b.conceal(b.chunk)
	b.dry += b.chunk
	if b.dry >= b.samples(pauseAfter) {
		b.stop()
		b.silence()
	}
}

// wake ends a dry time. A packet that was late is played in full, and the delay has grown by as much. One that comes
// after others that are missing is not held back for what was concealed already.
func (b *Buffer) wake(p *packetAt) {
	if gap := p.pos - b.next; gap > int64(b.samples(tolerance)) {
		b.lost(p, gap)
		b.cut = int64(b.dry) > gap
		b.next += min(gap, int64(b.dry))
	} else {
		b.stats.Underruns++
		b.cut = true
	}
	b.dry = 0
}

// lost counts what is missing before p, once.
func (b *Buffer) lost(p *packetAt, gap int64) {
	if !b.missing && !b.filling {
		b.missing = true
		b.stats.Lost += uint64(max(1, (gap+int64(p.span)/2)/int64(p.span)))
	}
}

// bridge adds a piece of what is missing before p.
func (b *Buffer) bridge(p *packetAt, gap int64) {
	b.lost(p, gap)
	if over := min(gap, b.excess); over >= int64(b.chunk) && !b.filling {
		b.next += over // what is lost needs no concealment where the delay is to be shorter
		b.excess -= over
		b.stats.Skipped += uint64(over)
		b.cut = true
		return
	}
	span := int64(p.span)
	switch {
	case b.filling || b.tried:
	case b.codecRun > 0 && gap < span: // a decoder goes on from what it concealed, not from its middle
	case gap > span:
		gap -= span // which p may have
	case b.recover(p, int(gap)):
		return
	}
	n := min(gap, int64(b.chunk))
	b.conceal(int(n))
	b.next += n
}

// recover adds the last n samples before p from what p has of them.
func (b *Buffer) recover(p *packetAt, n int) bool {
	b.tried = true
	pcm := b.scratch[:p.span*b.cfg.Channels]
	got, err := b.cfg.Decoder.Recover(pcm, p.data)
	if err != nil || got != len(pcm) {
		return false
	}
	b.stats.Recovered++
	b.emit(pcm[(p.span-n)*b.cfg.Channels:])
	b.next = p.pos
	return true
}

// play decodes the first packet.
func (b *Buffer) play() {
	p := b.queue.take()
	n, err := b.cfg.Decoder.Decode(b.scratch, p.data)
	n /= b.cfg.Channels
	if err != nil || n <= 0 || n > len(b.scratch)/b.cfg.Channels {
		b.stats.Malformed++ // what it should have held is missing now
		return
	}
	known := 0
	if over := b.next - p.pos; over > int64(b.samples(tolerance)) {
		known = int(min(over, int64(n)))
	}
	if known == n {
		b.stats.Late++
		return
	}
	if known > 0 {
		b.beginFade() // to fade its rest in over
	}
	b.emit(b.scratch[known*b.cfg.Channels : n*b.cfg.Channels])
	b.next = p.pos + int64(n)
	b.missing, b.tried, b.filling = false, false, false
}
