package store

import (
	"errors"
	"net/netip"
	"time"

	"github.com/sotto-calls/sotto/signal"
)

// ErrReplaced: the same reader attached again, and this attachment is over.
var ErrReplaced = errors.New("store: reader attached again")

// Reader is one attachment of one reader to a mailbox. Its goroutine calls Next whenever wake was called.
type Reader struct {
	s    *Store
	box  *box
	id   ReaderID
	wake func()

	// Guarded by s.mu.
	cursor   uint64 // seq of the last packet handed out
	flying   map[ID]flight
	bytes    int // of flying
	detached bool
	left     time.Time
}

// flight is a packet that was handed out and not acknowledged. Its reader holds it though the mailbox dropped it meanwhile.
type flight struct {
	size    int
	expires time.Time
}

// Attach opens a mailbox for reading, and makes it if it is new. wake is called, with a lock held, when Next may have
// more: it must only set a signal. keep is how long the mailbox and its tokens outlive the last reader, unless room is
// wanted: then it is forgotten earlier the more its network, from, holds.
func (s *Store) Attach(now time.Time, address signal.Address, id ReaderID, from netip.Addr, keep time.Duration, wake func()) (*Reader, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweepSometimes(now)
	b := s.boxes[address]
	if b == nil {
		if !s.room(now, 1, s.mailboxes()) {
			return nil, ErrFull
		}
		b = newBox()
		s.boxes[address] = b
	}
	s.bytes -= b.forgetReaders(now)
	old := b.readers[id]
	if old == nil && len(b.readers) >= maxKnownReaders {
		return nil, ErrFull
	}
	if (old == nil || old.detached) && b.attached() >= s.limits.Readers { // its place may be taken meanwhile
		return nil, ErrFull
	}
	if old != nil && !old.detached {
		old.detached = true
		old.wake()
	}
	b.keep, b.share = keep, s.share(from)
	r := &Reader{s: s, box: b, id: id, wake: wake, flying: map[ID]flight{}}
	b.readers[id] = r
	wake()
	return r, nil
}

// Next returns the next packet that this reader has not acknowledged, or false if there is none, or no room in the
// window. The body is shared: it must not be written to.
func (r *Reader) Next(now time.Time) (Item, bool, error) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	if r.detached {
		return Item{}, false, ErrReplaced
	}
	b := r.box
	for _, e := range b.entries[b.after(r.cursor):] {
		_, again := r.flying[e.ID] // it made way for another and was written again
		if again || e.freed || e.ackedBy(r.id) || !now.Before(e.expires) {
			r.cursor = e.seq
			continue
		}
		if !r.fits(now, e.size) {
			return Item{}, false, nil
		}
		r.cursor = e.seq
		r.flying[e.ID] = flight{e.size, e.expires}
		r.bytes += e.size
		return e.Item, true, nil
	}
	return Item{}, false, nil
}

// fits reports whether the window has room; packets that have expired unacknowledged no longer count. Those that made
// way for others do: with them the reader would have to hold whatever one sender writes.
func (r *Reader) fits(now time.Time, size int) bool {
	l := r.s.limits
	room := func() bool { return len(r.flying) < l.Window && r.bytes+size <= l.WindowBytes }
	if room() {
		return true
	}
	for id, f := range r.flying {
		if !now.Before(f.expires) {
			r.land(id)
		}
	}
	return room()
}

// land takes a packet out of the window, and reports whether it was in it.
func (r *Reader) land(id ID) bool {
	f, ok := r.flying[id]
	delete(r.flying, id)
	r.bytes -= f.size
	return ok
}

// Ack notes that the reader has had a packet. Ids that are not known are ignored.
func (r *Reader) Ack(now time.Time, id ID) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	if r.detached {
		return
	}
	if r.land(id) {
		r.wake()
	}
	e := r.box.ids[id]
	if e == nil || e.ackedBy(r.id) {
		return
	}
	e.acked = append(e.acked, r.id)
	r.s.bytes -= r.box.settle(now, e)
}

// Detach ends the attachment of a reader that may come back: for readerMemory, packets wait for it.
func (r *Reader) Detach(now time.Time) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	r.detach(now)
}

// Leave ends the attachment of a reader that will not come back: nothing waits for it.
func (r *Reader) Leave(now time.Time) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	if r.detach(now) {
		r.s.bytes -= r.box.forget(now, r.id)
	}
}

func (r *Reader) detach(now time.Time) bool {
	if r.detached {
		return false
	}
	r.detached, r.left, r.flying = true, now, nil
	r.box.left = now
	return true
}
