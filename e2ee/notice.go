package e2ee

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/sotto-calls/sotto/internal/wire"
)

// Limits of missed-call notices, at a relay and in a store.
const (
	NoticeMemory = 7 * 24 * time.Hour
	MaxNotices   = 32 // in one mailbox

	maxNoticesPerContact = 8 // so that one contact's do not push out all others
	noticeClockSkew      = 5 * time.Minute
	noticeEvery          = time.Minute
)

// Notice tells of a call that was not taken.
type Notice struct {
	From  ID
	Time  time.Time // when they rang, by their clock
	Video bool      // they wanted to send or see video
}

type noticeBody struct {
	Video bool `cbor:"1,keyasint,omitempty"`
}

// noticeRecord is a notice as the store keeps it.
type noticeRecord struct {
	From     []byte `cbor:"1,keyasint"`
	Call     []byte `cbor:"2,keyasint"`
	Time     uint64 `cbor:"3,keyasint"`
	Received uint64 `cbor:"4,keyasint"`
	Video    bool   `cbor:"5,keyasint,omitempty"`
	Cleared  bool   `cbor:"6,keyasint,omitempty"` // not shown any more, and kept so that it is not taken again
}

func (n *noticeRecord) check() error {
	if len(n.From) != IDSize || len(n.Call) != 32 || max(n.Time, n.Received) > maxTime {
		return fmt.Errorf("%w: notice", ErrMalformed)
	}
	return nil
}

// SealNotice makes the notice that a call was missed, for the callee's own mailbox: a box of exactly NoticeSize bytes
// whose first is 2, which a relay may keep for NoticeMemory, MaxNotices a mailbox. call is the missed call's.
func (id *Identity) SealNotice(to Box, peer ID, call [32]byte, at time.Time, video bool) ([]byte, error) {
	body, err := wire.Marshal(noticeBody{video})
	if err != nil {
		return nil, err
	}
	box, _, err := id.seal(noticeFormat, to, Message{To: peer, Call: call, Time: at, Type: TypeMissedCall, Body: body})
	return box, err
}

// IsNotice says whether a box is a missed-call notice by its looks. That is all that a relay sees, and enough to keep
// one for days that would else keep it for a minute.
func IsNotice(box []byte) bool { return len(box) == NoticeSize && box[0] == noticeFormat.version }

// missed keeps a notice of a contact.
func (s *contactState) missed(m Message, now time.Time) error {
	r, ok := s.contacts[m.From]
	if !ok || r.Blocked || ContactState(r.State) == Pending {
		return ErrNoContact
	}
	var body noticeBody
	if err := decodeExact(m.Body, &body); err != nil {
		return err
	}
	// What was received earlier than it says is forgotten earlier, too: by then it must not be taken again.
	if age := now.Sub(m.Time); age >= NoticeMemory-noticeClockSkew || age < -noticeClockSkew {
		return ErrUnexpected
	}
	same := func(n *noticeRecord) bool { return string(n.From) == string(m.From[:]) }
	for _, n := range s.notices {
		if same(n) && string(n.Call) == string(m.Call[:]) {
			return ErrUnexpected // delivered twice
		}
	}
	n := &noticeRecord{From: slices.Clone(m.From[:]), Call: slices.Clone(m.Call[:]), Time: toMillis(m.Time),
		Received: toMillis(now), Video: body.Video}
	s.notices = append([]*noticeRecord{n}, s.notices...)
	slices.SortStableFunc(s.notices, func(a, b *noticeRecord) int { return cmp.Compare(a.Time, b.Time) })
	s.dropOldest(maxNoticesPerContact, same)
	s.dropOldest(MaxNotices, func(*noticeRecord) bool { return true })
	if !slices.Contains(s.notices, n) {
		return ErrUnexpected // no later than those that were dropped, of which it may be one
	}
	return nil
}

// noticeDue bounds how often a contact has us write the store: as many notices as a relay keeps, and then one a minute.
func (c *Contacts) noticeDue(from ID, now time.Time) bool {
	at := c.due[from]
	if at.Before(now) {
		at = now
	}
	if at.Sub(now) >= MaxNotices*noticeEvery {
		return false
	}
	c.due[from] = at.Add(noticeEvery)
	return true
}

// dropOldest leaves at most limit notices of which is true, of the latest calls.
func (s *contactState) dropOldest(limit int, which func(*noticeRecord) bool) {
	over := -limit
	for _, n := range s.notices {
		if which(n) {
			over++
		}
	}
	s.notices = slices.DeleteFunc(s.notices, func(n *noticeRecord) bool {
		drop := over > 0 && which(n)
		if drop {
			over--
		}
		return drop
	})
}

// Notices gives the missed calls of the last 7 days, oldest first.
func (c *Contacts) Notices() []Notice {
	var out []Notice
	now := c.now()
	for _, n := range c.snapshot().notices {
		if !n.Cleared && now.Sub(fromMillis(n.Received)) < NoticeMemory {
			out = append(out, Notice{From: ID(n.From), Time: fromMillis(n.Time), Video: n.Video})
		}
	}
	return out
}

// ClearNotices shows them no more, also if a relay delivers them again.
func (c *Contacts) ClearNotices() error {
	return c.update(func(s *contactState, _ time.Time) error {
		for i, n := range s.notices {
			cleared := *n
			cleared.Cleared = true
			s.notices[i] = &cleared
		}
		return nil
	})
}
