package media

import "time"

const (
	nackReorder  = 2                     // so many later packets, or
	nackPatience = 10 * time.Millisecond // so long after one of them, a packet counts as missing
	nackTries    = 12
	nackAtOnce   = 64
)

// nacks appends the sequence numbers to ask the sender for now: those missing that were not asked for yet, and those
// whose repair should have come by now. A packet that was repaired is known here, so it is not asked for again.
func (a *assembler) nacks(dst []uint16, now time.Time, rtt time.Duration) []uint16 {
	if !a.missing() {
		return dst
	}
	if a.asked == nil {
		a.asked = make([]ask, len(a.ring))
	}
	again := rtt + rtt/4 + nackPatience
	if rtt == 0 {
		again = 100 * time.Millisecond
	}
	after := time.Time{} // when the packet next above came
	for s := a.top - 1; s >= a.next && len(dst) < nackAtOnce; s-- {
		if p := *a.slot(s); p != nil {
			after = p.at
			continue
		}
		k := &a.asked[s%uint64(len(a.asked))]
		if k.seq != s {
			*k = ask{seq: s}
		}
		if k.n >= nackTries || a.top-1-s < nackReorder && now.Sub(after) < nackPatience {
			continue
		}
		if k.n == 0 || now.Sub(k.last) >= again {
			k.n, k.last = k.n+1, now
			dst = append(dst, uint16(s))
		}
	}
	return dst
}
