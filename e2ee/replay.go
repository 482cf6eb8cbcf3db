package e2ee

import "time"

// ReplayWindow refuses sequence numbers that were seen, or that lie 64 or more behind the highest seen. One belongs to
// one (call, sender), to messages that were opened: never move it before the signature is verified. The zero value is
// ready; it is not safe for several goroutines.
type ReplayWindow struct {
	next uint64 // highest seen plus one; 0: none, or 2^64-1 was seen and wrapped
	seen uint64 // bit i: next-1-i was seen
}

// Accept says whether seq is new, and remembers it. 2^64-1 is refused: no call counts so far.
func (w *ReplayWindow) Accept(seq uint64) bool {
	if seq == 1<<64-1 {
		return false
	}
	if seq >= w.next {
		shift := seq + 1 - w.next
		w.seen = w.seen<<shift | 1 // a shift of 64 or more gives 0
		w.next = seq + 1
		return true
	}
	behind := w.next - 1 - seq
	if behind >= 64 || w.seen>>behind&1 == 1 {
		return false
	}
	w.seen |= 1 << behind
	return true
}

// Limits of an InviteCache.
const (
	// InviteMemory is how long an Invite is remembered. It is accepted within 60 s of its time by either clock, so for
	// 120 s at the most.
	InviteMemory = 180 * time.Second
	// InvitesPerSender and InvitesInAll bound the cache. What is beyond is refused as if it had been seen: forgetting an
	// older one instead would let a flood bring back a stale ring.
	InvitesPerSender = 64
	InvitesInAll     = 8192
)

// InviteCache remembers which Invites (from, call) were seen, for 180 s: a relay that delivers one again does not ring
// twice. The zero value is ready; it is not safe for several goroutines.
type InviteCache struct {
	seen      map[inviteKey]seenInvite
	perSender map[ID]int
	queue     []inviteKey // in order of arrival
}

type seenInvite struct {
	at    time.Time
	again bool // it is to be taken once more
}

type inviteKey struct {
	from ID
	call [32]byte
}

// Accept says whether this Invite is new, and remembers it. now must not run backwards.
func (c *InviteCache) Accept(from ID, call [32]byte, now time.Time) bool {
	c.expire(now)
	key := inviteKey{from, call}
	if s, ok := c.seen[key]; ok {
		c.seen[key] = seenInvite{at: s.at}
		return s.again
	}
	if len(c.seen) >= InvitesInAll || c.perSender[from] >= InvitesPerSender {
		return false
	}
	if c.seen == nil {
		c.seen, c.perSender = make(map[inviteKey]seenInvite), make(map[ID]int)
	}
	c.seen[key] = seenInvite{at: now}
	c.perSender[from]++
	c.queue = append(c.queue, key)
	return true
}

// Again lets an Invite that was accepted be accepted once more, when it is repeated: it could not be dealt with. It still counts
// for its sender, once.
func (c *InviteCache) Again(from ID, call [32]byte) {
	key := inviteKey{from, call}
	if s, ok := c.seen[key]; ok {
		c.seen[key] = seenInvite{s.at, true}
	}
}

func (c *InviteCache) expire(now time.Time) {
	n := 0
	for ; n < len(c.queue) && now.Sub(c.seen[c.queue[n]].at) >= InviteMemory; n++ {
		key := c.queue[n]
		delete(c.seen, key)
		if c.perSender[key.from]--; c.perSender[key.from] == 0 {
			delete(c.perSender, key.from)
		}
	}
	c.queue = c.queue[n:]
}
