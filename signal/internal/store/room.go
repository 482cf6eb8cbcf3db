package store

import (
	"hash/maphash"
	"net/netip"
	"slices"
	"time"

	"github.com/sotto-calls/sotto/signal"
)

// A stock is something that a Store has a limit of: how much of it is used, and how much of that a mailbox holds.
type stock struct {
	used, limit int
	heldBy      func(*box) int
}

func (s *Store) mailboxes() stock {
	return stock{len(s.boxes), s.limits.Mailboxes, func(*box) int { return 1 }}
}

func (s *Store) admitted() stock {
	return stock{s.tokens, s.limits.Tokens, func(b *box) int { return len(b.tokens) }}
}

func (s *Store) memory() stock { return stock{s.bytes, s.limits.Total, (*box).held} }

// room sees to it that need more of a stock fits, and reports whether it does. Where it does not, mailboxes that nobody
// reads are forgotten as at a restart: of the networks first that hold most, and of each those that were left longest ago.
//
// So whoever hoards displaces its own, for however long it has them kept, and who is there finds room. There is no share
// that a network must keep to: a NAT with hundreds of users is not looked at before the relay is full, nor then before a
// hoarder.
func (s *Store) room(now time.Time, need int, of stock) bool {
	missing := of.used + need - of.limit
	if missing <= 0 {
		return true
	}
	if now.Sub(s.barren) < barrenTime {
		return false
	}
	all, free := s.left(of)
	if free < missing {
		s.barren = now
		return false
	}
	missing += of.limit / 16 // not a few at each call: looking through all of them takes long
	for _, l := range all {
		if missing <= 0 {
			return true
		}
		if l.holds > 0 {
			s.remove(l.address, l.box)
			s.forgotten++
			missing -= l.holds
		}
	}
	if missing > 0 {
		s.barren = now
	}
	return true
}

// barrenTime is how long mailboxes are not looked through again when nearly all of a stock is of those that are read.
const barrenTime = time.Second

// A leftBox is a mailbox that nobody reads.
type leftBox struct {
	address signal.Address
	box     *box
	holds   int // of the stock
	level   int // what its network holds with it: this one, those left later and those that are read
}

// left are the mailboxes that nobody reads, those to be forgotten first at the front, and what they hold of the stock.
func (s *Store) left(of stock) (all []leftBox, sum int) {
	var levels [shares]int
	for address, b := range s.boxes {
		n := of.heldBy(b)
		if b.attached() > 0 {
			levels[b.share] += n
			continue
		}
		all = append(all, leftBox{address: address, box: b, holds: n})
		sum += n
	}
	slices.SortFunc(all, func(a, b leftBox) int { return b.box.left.Compare(a.box.left) })
	for i := range all {
		l := &all[i]
		levels[l.box.share] += l.holds
		l.level = levels[l.box.share]
	}
	slices.SortStableFunc(all, func(a, b leftBox) int { return b.level - a.level })
	return all, sum
}

func (s *Store) remove(address signal.Address, b *box) {
	s.bytes -= b.drop(func(*entry) bool { return true })
	s.tokens -= len(b.tokens)
	delete(s.boxes, address)
}

// shares is how many networks are told apart.
const shares = 1 << 12

// share is what a mailbox remembers of the network that read it last: enough to find a hoarder, who shares it with one in
// 4,096 others, and not enough to tell which network it was. With a secret hash nobody can choose with whom.
func (s *Store) share(network netip.Addr) uint16 {
	return uint16(maphash.Comparable(s.seed, network) % shares)
}
