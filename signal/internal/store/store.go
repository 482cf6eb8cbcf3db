package store

import (
	"errors"
	"hash/maphash"
	"sync"
	"time"

	"github.com/sotto-calls/sotto/signal"
)

// Result is the answer to Put.
type Result uint8

// The results of Put.
const (
	Taken     Result = iota // stored, or dropped without a word: never which
	Throttled               // the token's quota or the mailbox's limit is used up
	Full                    // no room, even without the mailboxes that nobody reads
)

// ErrFull: no room for another mailbox, reader or set of tokens.
var ErrFull = errors.New("store: full")

// Store is the memory of one relay.
type Store struct {
	limits Limits
	seed   maphash.Seed // of shares

	mu        sync.Mutex
	boxes     map[signal.Address]*box
	unclaimed unclaimed
	quota     *quota
	seq       uint64
	tokens    int
	bytes     int // of all boxes
	swept     time.Time
	barren    time.Time // when room last found too little
	forgotten uint64    // mailboxes, to make room
	stats     signal.Stats
}

// New returns an empty store.
func New(l Limits) *Store {
	return &Store{
		limits: l, seed: maphash.MakeSeed(), boxes: map[signal.Address]*box{}, quota: newQuota(l.QuotaBurst, l.QuotaRate),
		unclaimed: unclaimed{limit: l.Unclaimed, ids: map[claim]struct{}{}},
	}
}

// Put takes a packet that Check has passed. It keeps the body.
func (s *Store) Put(now time.Time, it Item) Result {
	hash := it.Packet.Token.Hash()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweepSometimes(now)
	if !s.room(now, len(it.Packet.Body)+overhead, s.memory()) {
		return Full
	}
	if !s.quota.take(now, it.Packet, hash) {
		return Throttled
	}
	s.seq++
	e := &entry{Item: it, seq: s.seq, hash: hash, size: len(it.Packet.Body), expires: now.Add(signal.Retention)}
	b := s.boxes[it.Packet.To]
	if b == nil || !b.admits(hash) {
		if s.unclaimed.add(now, e) {
			s.count(e)
		}
		return Taken
	}
	return s.deliver(now, b, e)
}

// deliver stores e in a box that admits it.
func (s *Store) deliver(now time.Time, b *box, e *entry) Result {
	s.bytes -= b.prune(now)
	if b.ids[e.ID] != nil {
		return Taken
	}
	if len(b.entries) >= s.limits.Entries || b.taken+e.size > s.limits.Bytes {
		return Throttled
	}
	s.place(now, b, e)
	s.count(e)
	b.wake()
	return Taken
}

func (s *Store) place(now time.Time, b *box, e *entry) {
	if e.Packet.Class == signal.ClassNotice {
		s.bytes -= b.room(e.hash, signal.MaxNotices)
	}
	e.expires = now.Add(lifetime(e.Packet.Class))
	b.add(e)
	s.bytes += e.size + overhead
}

func (s *Store) count(e *entry) {
	s.stats.Envelopes++
	s.stats.Bytes += uint64(e.size)
}

// Admit replaces the tokens of a mailbox and claims what was written to it under them before. The mailbox must have been
// attached.
func (s *Store) Admit(now time.Time, address signal.Address, hashes [][32]byte, open bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.boxes[address]
	if b == nil || !s.room(now, len(hashes)-len(b.tokens), s.admitted()) || s.boxes[address] != b {
		return ErrFull
	}
	s.tokens -= len(b.tokens)
	b.tokens, b.open = make(map[[32]byte]struct{}, len(hashes)), open
	for _, h := range hashes {
		b.tokens[h] = struct{}{}
	}
	s.tokens += len(b.tokens)
	s.claim(now, address, b)
	return nil
}

func (s *Store) claim(now time.Time, address signal.Address, b *box) {
	for _, e := range s.unclaimed.take(now, address, b.admits) {
		if b.ids[e.ID] != nil || len(b.entries) >= s.limits.Entries || b.taken+e.size > s.limits.Bytes {
			continue
		}
		s.seq++
		e.seq = s.seq // a reader may already be past the seq of its arrival
		expires := e.expires
		s.place(now, b, e)
		if e.Packet.Class != signal.ClassNotice {
			e.expires, b.soonest = expires, now
		}
	}
	b.wake()
}

// Stats counts what was stored.
func (s *Store) Stats() signal.Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stats
}

// Held says how many mailboxes, packets (with those released but remembered) and bytes are held now.
func (s *Store) Held() (mailboxes, packets, bytes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range s.boxes {
		packets += len(b.entries)
	}
	return len(s.boxes), packets + len(s.unclaimed.entries), s.bytes + s.unclaimed.bytes
}

// Forgotten counts the mailboxes that nobody read and that made room for others before their time.
func (s *Store) Forgotten() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.forgotten
}
