package store

import (
	"time"

	"github.com/sotto-calls/sotto/signal"
)

// unclaimed holds packets that no mailbox admits, in the order of arrival, within a bound: the oldest go.
type unclaimed struct {
	limit   int
	bytes   int
	entries []*entry
	ids     map[claim]struct{}
}

type claim struct {
	to signal.Address
	id ID
}

func (e *entry) claim() claim { return claim{e.Packet.To, e.ID} }

// add reports whether the packet is new.
func (u *unclaimed) add(now time.Time, e *entry) bool {
	u.prune(now)
	if _, again := u.ids[e.claim()]; again {
		return false
	}
	if e.size+overhead > u.limit {
		return true
	}
	for u.bytes+e.size+overhead > u.limit {
		u.shift()
	}
	u.entries = append(u.entries, e)
	u.ids[e.claim()] = struct{}{}
	u.bytes += e.size + overhead
	return true
}

func (u *unclaimed) prune(now time.Time) {
	for len(u.entries) > 0 && !now.Before(u.entries[0].expires) {
		u.shift()
	}
}

func (u *unclaimed) shift() {
	e := u.entries[0]
	u.entries[0] = nil
	u.entries = u.entries[1:]
	u.forget(e)
}

func (u *unclaimed) forget(e *entry) {
	delete(u.ids, e.claim())
	u.bytes -= e.size + overhead
}

// take removes and returns, in order, the packets to address whose token is admitted.
func (u *unclaimed) take(now time.Time, address signal.Address, admits func([32]byte) bool) (found []*entry) {
	u.prune(now)
	kept := u.entries[:0]
	for _, e := range u.entries {
		if e.Packet.To == address && admits(e.hash) {
			found = append(found, e)
			u.forget(e)
		} else {
			kept = append(kept, e)
		}
	}
	clear(u.entries[len(kept):])
	u.entries = kept
	return found
}
