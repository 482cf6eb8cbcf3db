package store

import (
	"slices"
	"time"
)

// box is one mailbox.
type box struct {
	tokens  map[[32]byte]struct{}
	open    bool
	keep    time.Duration // how long it outlives its last reader
	left    time.Time     // when the last reader left
	readers map[ReaderID]*Reader
	share   uint16 // of the network that read it last

	entries []*entry // by seq
	ids     map[ID]*entry
	taken   int       // bytes of entries, those of released bodies too: a limit that tells nothing about readers
	soonest time.Time // no entry expires before
	pruned  time.Time // when prune last looked
}

func newBox() *box {
	return &box{tokens: map[[32]byte]struct{}{}, readers: map[ReaderID]*Reader{}, ids: map[ID]*entry{}}
}

func (b *box) admits(hash [32]byte) bool {
	_, ok := b.tokens[hash]
	return ok || b.open
}

func (b *box) add(e *entry) {
	b.entries = append(b.entries, e)
	b.ids[e.ID] = e
	b.taken += e.size
	if b.soonest.IsZero() || e.expires.Before(b.soonest) {
		b.soonest = e.expires
	}
}

// after returns the index of the first entry with a seq above n.
func (b *box) after(n uint64) int {
	i, _ := slices.BinarySearchFunc(b.entries, n+1, func(e *entry, n uint64) int {
		switch {
		case e.seq < n:
			return -1
		case e.seq > n:
			return 1
		}
		return 0
	})
	return i
}

// pruneEvery keeps the search for what has expired out of most calls of Put: it would tell a busy mailbox by the time.
const pruneEvery = time.Second

// prune drops what has expired and returns how many bytes that gave back.
func (b *box) prune(now time.Time) (freed int) {
	if len(b.entries) == 0 || now.Before(b.soonest) || now.Sub(b.pruned) < pruneEvery {
		return 0
	}
	b.pruned = now
	return b.drop(func(e *entry) bool { return !now.Before(e.expires) })
}

// drop removes the entries that gone names.
func (b *box) drop(gone func(*entry) bool) (freed int) {
	b.soonest = time.Time{}
	b.entries = slices.DeleteFunc(b.entries, func(e *entry) bool {
		if !gone(e) {
			if b.soonest.IsZero() || e.expires.Before(b.soonest) {
				b.soonest = e.expires
			}
			return false
		}
		delete(b.ids, e.ID)
		b.taken -= e.size
		if !e.freed {
			freed += e.size
		}
		freed += overhead
		return true
	})
	return freed
}

// settle releases e if every reader that is known has acknowledged it, and at least one has.
func (b *box) settle(now time.Time, e *entry) (freed int) {
	if len(e.acked) == 0 {
		return 0
	}
	for id := range b.readers {
		if !e.ackedBy(id) {
			return 0
		}
	}
	return e.release(now)
}

// forgetReaders drops readers that left long ago.
func (b *box) forgetReaders(now time.Time) (freed int) {
	for id, r := range b.readers {
		if r.detached && now.Sub(r.left) >= readerMemory {
			freed += b.forget(now, id)
		}
	}
	return freed
}

// forget drops a reader, which no longer holds back what others have acknowledged.
func (b *box) forget(now time.Time, id ReaderID) (freed int) {
	delete(b.readers, id)
	for _, e := range b.entries {
		freed += b.settle(now, e)
	}
	return freed
}

// held is what the packets take of the store's memory.
func (b *box) held() (bytes int) {
	for _, e := range b.entries {
		bytes += overhead
		if !e.freed {
			bytes += e.size
		}
	}
	return bytes
}

func (b *box) attached() (n int) {
	for _, r := range b.readers {
		if !r.detached {
			n++
		}
	}
	return n
}

func (b *box) wake() {
	for _, r := range b.readers {
		if !r.detached {
			r.wake()
		}
	}
}

// room makes place for one more notice of a token: at most noticesPerToken of it and limit in all, the oldest go.
func (b *box) room(hash [32]byte, limit int) (freed int) {
	var all, same []*entry
	for _, e := range b.entries {
		if e.notice() {
			all = append(all, e)
			if e.hash == hash {
				same = append(same, e)
			}
		}
	}
	var victim *entry
	switch {
	case len(same) >= noticesPerToken:
		victim = same[0]
	case len(all) >= limit:
		victim = all[0]
	default:
		return 0
	}
	return b.drop(func(e *entry) bool { return e == victim })
}
