package jitter

import "time"

// Stats is what a buffer holds and what it did since it was made. Samples are those of one channel.
type Stats struct {
	Delay  time.Duration // until the newest sound that came is played
	Target time.Duration // how long the quickest packets are to wait

	Packets   uint64 // that were put, of which:
	Late      uint64 // came after their turn
	Duplicate uint64 // were there already
	Discarded uint64 // did not fit into the buffer, overlapped others, or had a time that cannot be
	Malformed uint64 // could not be decoded

	Lost      uint64 // packets missing at their turn, about: by time
	Recovered uint64 // of those, made by the decoder from the packet that followed (which may have had no copy of it)

	Played      uint64 // samples pulled, of which:
	Concealed   uint64 // in place of missing ones
	Expanded    uint64 // added to play slower
	Silent      uint64 // nothing was there to play
	Accelerated uint64 // samples left out to play faster
	Skipped     uint64 // missing samples that were not concealed, since the delay was over its target

	Underruns uint64 // times the buffer ran dry and the packet came yet
	Resets    uint64 // times playing began anew: after a pause, another time base, or far too much delay
}

// Stats returns the state of now.
func (b *Buffer) Stats() Stats {
	s := b.stats
	s.Delay, s.Target = b.Delay(), b.delays.target()
	return s
}

// Delay is how long it takes until the newest sound that came is played: what is decoded, packets that wait, and what
// will be concealed between them.
func (b *Buffer) Delay() time.Duration {
	ahead := int64(b.sound.ready())
	if b.queue.n > 0 {
		from := b.queue.list[0].pos
		if b.playing {
			from = min(from, b.next+int64(b.dry))
		}
		ahead += b.queue.end() - from
	}
	return b.clock.duration(ahead)
}
