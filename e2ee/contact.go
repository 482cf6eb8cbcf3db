package e2ee

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"
)

// ContactState is how far two identities are in becoming contacts. The zero value is invalid.
type ContactState uint8

const (
	// Requested: we used their invitation; they have not confirmed yet. They may ring us: we asked for it.
	Requested ContactState = 1
	// Pending: they used our invitation; we have not confirmed yet ([Contacts.Confirm], [Contacts.Refuse]). They may not
	// ring us, and only [Contacts.Requests] shows them.
	Pending ContactState = 2
	// Confirmed: both sides, or we alone for who was added by a card.
	Confirmed ContactState = 3
)

// String names the state.
func (s ContactState) String() string {
	switch s {
	case Requested:
		return "requested"
	case Pending:
		return "pending"
	case Confirmed:
		return "confirmed"
	}
	return fmt.Sprintf("ContactState(%d)", uint8(s))
}

// Contact is another identity as we know it: a copy, which changes nothing in the store.
type Contact struct {
	ID         ID
	Name       string // our own label; what users are shown
	Claimed    string // what they call themselves: nobody checked it, never show it in place of Name
	Token      Token  // lets us write to them; zero: we cannot
	Relays     []string
	State      ContactState
	KnownSince time.Time
	Verified   time.Time // when our user compared safety number or emoji; zero: never
	Blocked    bool      // may neither ring nor write
	Revoked    time.Time // when their owner said not to trust them any more; zero: never. Then Blocked is true too
	ReplacedBy ID        // what their owner named in their place: see Contacts.AcceptReplacement; zero: none
	CanWrite   bool      // they have a token of ours
}

// Box is where an Invite to the contact goes.
func (c Contact) Box() Box { return c.ID.Box(c.Token) }

// Format leaves the token out.
func (c Contact) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.short()) }

// LogValue leaves the token out.
func (c Contact) LogValue() slog.Value { return slog.StringValue(c.short()) }

func (c Contact) short() string {
	return fmt.Sprintf("e2ee.Contact(%v %q %v)", c.ID, c.Name, c.State)
}

// record is a contact as the store keeps it. Times are milliseconds since 1970; 0 is never.
type record struct {
	ID          []byte   `cbor:"1,keyasint"`
	Name        string   `cbor:"2,keyasint"`
	Claimed     string   `cbor:"3,keyasint,omitempty"`
	Token       []byte   `cbor:"4,keyasint,omitempty"`
	Relays      []string `cbor:"5,keyasint,omitempty"`
	State       uint8    `cbor:"6,keyasint"`
	Known       uint64   `cbor:"7,keyasint"`
	Verified    uint64   `cbor:"8,keyasint,omitempty"`
	Blocked     bool     `cbor:"9,keyasint,omitempty"`
	Revoked     uint64   `cbor:"10,keyasint,omitempty"`
	ReplacedBy  []byte   `cbor:"11,keyasint,omitempty"`
	Issued      [][]byte `cbor:"12,keyasint,omitempty"` // tokens that let them write to us
	Exchange    []byte   `cbor:"13,keyasint,omitempty"` // call of the introduction that is under way
	Request     []byte   `cbor:"14,keyasint,omitempty"` // hash of its request
	RequestTime uint64   `cbor:"15,keyasint,omitempty"`
	Asked       bool     `cbor:"16,keyasint,omitempty"` // by a request that we have not answered yet
}

// waits reports whether it is for us to Confirm or Refuse. Who is blocked cannot be confirmed, so nobody is asked about them.
func (r *record) waits() bool { return !r.Blocked && (r.State == uint8(Pending) || r.Asked) }

// maxIssued bounds the tokens of one contact.
const maxIssued = 8

func (r *record) check() error {
	_, err := NewID(r.ID)
	ok := err == nil && r.Name != "" && checkProfile(r.Name, r.Relays) == nil && checkProfile(r.Claimed, nil) == nil &&
		r.State >= uint8(Requested) && r.State <= uint8(Confirmed) && optional(r.Token, TokenSize) &&
		optional(r.ReplacedBy, IDSize) && optional(r.Exchange, 32) && optional(r.Request, 32) && len(r.Issued) <= maxIssued &&
		max(r.Known, r.Verified, r.Revoked, r.RequestTime) <= maxTime
	for _, t := range r.Issued {
		ok = ok && len(t) == TokenSize
	}
	if !ok {
		return fmt.Errorf("%w: contact", ErrMalformed)
	}
	return nil
}

// optional says that b is absent or has n bytes.
func optional(b []byte, n int) bool { return len(b) == 0 || len(b) == n }

func (r *record) contact() Contact {
	c := Contact{
		ID: ID(r.ID), Name: r.Name, Claimed: r.Claimed, Relays: slices.Clone(r.Relays), State: ContactState(r.State),
		KnownSince: fromMillis(r.Known), Verified: fromMillis(r.Verified), Blocked: r.Blocked, Revoked: fromMillis(r.Revoked),
		CanWrite: len(r.Issued) > 0 && !r.Blocked,
	}
	copy(c.Token[:], r.Token)
	copy(c.ReplacedBy[:], r.ReplacedBy)
	return c
}

func fromMillis(ms uint64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(ms))
}

func toMillis(t time.Time) uint64 {
	return uint64(min(max(t.UnixMilli(), 1), maxTime))
}
