package e2ee

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/sotto-calls/sotto/internal/wire"
)

// contactState is all that a store holds. Its methods are pure: no clock, no randomness, no files.
type contactState struct {
	profile     Profile
	contacts    map[ID]*record
	invitations []*invitationRecord
	notices     []*noticeRecord
}

// Bounds of a store.
const (
	MaxContacts    = 10_000
	MaxInvitations = 256 // that have not expired

	contactsVersion = 1
	maxRecord       = 8 << 10 // bytes of one encoded record
)

// A store is a row of records: kind(1) || length(4) || CBOR.
const (
	profileRecord    = 1 // first, once
	contactRecord    = 2
	invitationRecKey = 3
	noticeRecKey     = 4
)

type profileCBOR struct {
	Version uint8    `cbor:"1,keyasint"`
	Name    string   `cbor:"2,keyasint,omitempty"`
	Relays  []string `cbor:"3,keyasint,omitempty"`
}

func newContactState() *contactState { return &contactState{contacts: make(map[ID]*record)} }

// clone copies as deep as anything is changed: records are changed, slices in them are replaced.
func (s *contactState) clone() *contactState {
	t := &contactState{profile: s.profile, contacts: make(map[ID]*record, len(s.contacts))}
	for id, r := range s.contacts {
		c := *r
		t.contacts[id] = &c
	}
	for _, i := range s.invitations {
		c := *i
		t.invitations = append(t.invitations, &c)
	}
	t.notices = slices.Clone(s.notices)
	return t
}

// expire forgets invitations and notices whose time is over.
func (s *contactState) expire(now time.Time) {
	s.invitations = slices.DeleteFunc(s.invitations, func(i *invitationRecord) bool { return i.expired(now) })
	s.notices = slices.DeleteFunc(s.notices, func(n *noticeRecord) bool {
		return now.Sub(fromMillis(n.Received)) >= NoticeMemory
	})
}

func (s *contactState) encode() ([]byte, error) {
	b, err := appendRecord(nil, profileRecord, profileCBOR{contactsVersion, s.profile.Name, s.profile.Relays})
	for _, id := range slices.SortedFunc(maps.Keys(s.contacts), func(a, b ID) int { return slices.Compare(a[:], b[:]) }) {
		if err == nil {
			b, err = appendRecord(b, contactRecord, s.contacts[id])
		}
	}
	for _, i := range s.invitations {
		if err == nil {
			b, err = appendRecord(b, invitationRecKey, i)
		}
	}
	for _, n := range s.notices {
		if err == nil {
			b, err = appendRecord(b, noticeRecKey, n)
		}
	}
	return b, err
}

func appendRecord(b []byte, kind byte, v any) ([]byte, error) {
	r, err := wire.Marshal(v)
	if err != nil {
		return nil, err
	}
	b = append(b, kind)
	b = binary.BigEndian.AppendUint32(b, uint32(len(r)))
	return append(b, r...), nil
}

// decodeContacts reads a store. Only who has the identity can have written it, but it is checked as if anyone could.
func decodeContacts(b []byte) (*contactState, error) {
	s := newContactState()
	for first := true; len(b) > 0 || first; first = false {
		if len(b) < 5 {
			return nil, fmt.Errorf("%w: contact store ends early", ErrMalformed)
		}
		kind, n := b[0], binary.BigEndian.Uint32(b[1:])
		b = b[5:]
		if n > maxRecord || uint64(n) > uint64(len(b)) || first != (kind == profileRecord) {
			return nil, fmt.Errorf("%w: record of a contact store", ErrMalformed)
		}
		if err := s.decodeRecord(kind, b[:n]); err != nil {
			return nil, err
		}
		b = b[n:]
	}
	if len(s.contacts) > MaxContacts || len(s.invitations) > MaxInvitations || len(s.notices) > MaxNotices {
		return nil, fmt.Errorf("%w: contact store has too many records", ErrTooLarge)
	}
	return s, nil
}

func (s *contactState) decodeRecord(kind byte, b []byte) error {
	switch kind {
	case profileRecord:
		var p profileCBOR
		if err := decodeExact(b, &p); err != nil {
			return err
		}
		if p.Version != contactsVersion {
			return fmt.Errorf("%w: contact store of version %d", ErrMalformed, p.Version)
		}
		s.profile = Profile{p.Name, p.Relays}
		return checkProfile(p.Name, p.Relays)
	case contactRecord:
		var r record
		if err := decodeExact(b, &r); err != nil {
			return err
		}
		if err := r.check(); err != nil {
			return err
		}
		s.contacts[ID(r.ID)] = &r
		return nil
	case invitationRecKey:
		var i invitationRecord
		if err := decodeExact(b, &i); err != nil {
			return err
		}
		s.invitations = append(s.invitations, &i)
		return i.check()
	case noticeRecKey:
		var n noticeRecord
		if err := decodeExact(b, &n); err != nil {
			return err
		}
		s.notices = append(s.notices, &n)
		return n.check()
	}
	return fmt.Errorf("%w: record of kind %d", ErrMalformed, kind)
}
