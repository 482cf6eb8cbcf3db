package memory

import (
	"math/rand/v2"
	"time"

	"github.com/sotto-calls/sotto/signal"
)

// Faults says what goes wrong between Send and the reader. The zero value is a network without faults or delay.
type Faults struct {
	Seed uint64 // of all draws

	Drop      float64 // probability that a packet is lost, though Send returned nil
	Duplicate float64 // probability that it arrives twice
	Reorder   float64 // probability that later ones of the same sender overtake it, by ReorderBy

	Delay     time.Duration // from Send, which returns at once, to the reader
	Jitter    time.Duration // and up to so much more; order is kept
	ReorderBy time.Duration // extra delay of a packet that is overtaken; 0: 50 ms

	// Hook, if set, decides on each packet after the draws; it sees, and may change, what the draws made of it. It is
	// called by Send, by several goroutines at a time.
	Hook func(p signal.Packet, f Fault) Fault
}

// Fault is what becomes of one packet.
type Fault struct {
	Drop   bool
	Copies int           // further ones, beside the first
	Delay  time.Duration // of all copies
	Late   time.Duration // extra delay of this packet that does not hold back the sender's later ones
	Body   []byte        // replaces the body unless nil
}

const defaultReorderBy = 50 * time.Millisecond

// draw decides on one packet. Each kind of fault draws in every case, so that one probability does not shift the others.
func (f *Faults) draw(r *rand.Rand) Fault {
	drop, double, late := r.Float64(), r.Float64(), r.Float64()
	v := Fault{Drop: drop < f.Drop, Delay: f.Delay}
	if double < f.Duplicate {
		v.Copies = 1
	}
	if late < f.Reorder {
		v.Late = f.ReorderBy
		if v.Late <= 0 {
			v.Late = defaultReorderBy
		}
	}
	jitter := r.Float64()
	v.Delay += time.Duration(jitter * float64(f.Jitter))
	return v
}
