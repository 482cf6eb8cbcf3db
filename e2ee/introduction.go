package e2ee

import (
	"bytes"
	"crypto/subtle"
	"fmt"
	"slices"
	"time"

	"github.com/sotto-calls/sotto/internal/wire"
)

// How two identities become contacts, as functions of the stores' states and the messages' bodies:
//
//	inviter (Invite)                                   guest
//	  invitation{token, secret}  — by a way of theirs →  Use: Requested
//	  Pending  ← request{secret, token, name, relays} ——
//	  Confirm: Confirmed —— confirm{token, name, relays}, ref = H(request) →  Confirmed
//
// Each side has its user confirm: the guest by using, the inviter by Confirm. Each gives the other a token of its own;
// the invitation's is good until the invitation expires, so that the guest can write before the confirm has arrived. Who
// was Confirmed before keeps its token and relays until then: the confirm is signed, and the invitation is not.

// introduction is the body of request and confirm.
type introduction struct {
	Token  []byte   `cbor:"1,keyasint"` // lets the receiver write to the sender
	Secret []byte   `cbor:"2,keyasint,omitempty"`
	Name   string   `cbor:"3,keyasint,omitempty"`
	Relays []string `cbor:"4,keyasint,omitempty"`
}

// maxIntroduction bounds the body: secrets, a name and relays at their longest.
const maxIntroduction = 64 + MaxName + MaxRelays*(MaxRelayName+8)

func parseIntroduction(b []byte, secret int) (introduction, error) {
	var in introduction
	if len(b) > maxIntroduction {
		return in, fmt.Errorf("%w: introduction of %d bytes", ErrTooLarge, len(b))
	}
	if err := decodeExact(b, &in); err != nil {
		return in, err
	}
	if len(in.Token) != TokenSize || len(in.Secret) != secret {
		return in, fmt.Errorf("%w: introduction", ErrMalformed)
	}
	return in, checkProfile(in.Name, in.Relays)
}

// unnamed is the label of whoever gives no name.
const unnamed = "unnamed"

// use is the guest's first step. It gives the request's body.
func (s *contactState) use(inv Invitation, label string, call [32]byte, token Token, now time.Time) ([]byte, error) {
	if !now.Before(inv.Expires) {
		return nil, ErrInvitation
	}
	r, ok := s.contacts[inv.From]
	if !ok {
		r = &record{ID: inv.From[:], Name: or(label, or(inv.Name, unnamed)), State: uint8(Requested), Known: toMillis(now)}
		if err := s.insert(r); err != nil {
			return nil, err
		}
	}
	if r.Blocked {
		return nil, fmt.Errorf("%w: it is blocked", ErrNoContact)
	}
	if ContactState(r.State) == Pending { // both invited each other: using theirs is our confirmation
		r.State = uint8(Requested)
	}
	if ContactState(r.State) != Confirmed { // nobody has signed the invitation: what a contact gave us stands until the confirm
		r.Claimed = or(inv.Name, r.Claimed)
		r.Token, r.Relays = slices.Clone(inv.secret.get().token[:]), slices.Clone(inv.Relays)
	}
	if len(r.Issued) == 0 {
		r.Issued = [][]byte{slices.Clone(token[:])}
	}
	r.Exchange, r.Request, r.Asked = slices.Clone(call[:]), nil, false
	body, err := wire.Marshal(introduction{Token: r.Issued[0], Secret: inv.secret.get().secret[:], Name: s.profile.Name, Relays: s.profile.Relays})
	if err != nil {
		return nil, err
	}
	return body, r.check()
}

// request is the inviter's side of it. The same identity may ask again, with a later request.
func (s *contactState) request(m Message, hash [32]byte, now time.Time) error {
	in, err := parseIntroduction(m.Body, invitationSecretSize)
	if err != nil {
		return err
	}
	inv := s.invitation(in.Secret)
	if inv == nil || inv.Closed || len(inv.UsedBy) > 0 && !bytes.Equal(inv.UsedBy, m.From[:]) {
		return ErrInvitation
	}
	r, ok := s.contacts[m.From]
	if !ok {
		r = &record{ID: m.From[:], Name: or(inv.Label, or(in.Name, unnamed)), State: uint8(Pending), Known: toMillis(now)}
		if err := s.insert(r); err != nil {
			return err
		}
	}
	if r.Blocked {
		return fmt.Errorf("%w: it is blocked", ErrNoContact)
	}
	switch t := toMillis(m.Time); {
	case bytes.Equal(r.Request, hash[:]): // the same again: what it says may have changed since, by a card
		r.Asked = true
		return nil
	case t == r.RequestTime, t < r.RequestTime && r.RequestTime <= toMillis(now): // one of the future: a clock was wrong
		return ErrUnexpected // an earlier request, delivered late
	}
	inv.UsedBy = slices.Clone(m.From[:])
	r.Claimed, r.Token, r.Relays = in.Name, in.Token, in.Relays
	r.Exchange, r.Request, r.RequestTime = slices.Clone(m.Call[:]), slices.Clone(hash[:]), toMillis(m.Time)
	r.Asked = true
	return r.check()
}

// invitation finds by secret, in constant time for each. What has expired is not there any more.
func (s *contactState) invitation(secret []byte) *invitationRecord {
	var found *invitationRecord
	for _, i := range s.invitations {
		if subtle.ConstantTimeCompare(i.Secret, secret) == 1 {
			found = i
		}
	}
	return found
}

// confirm is the inviter's second step. It gives the confirm message, less what Seal fills in.
func (s *contactState) confirm(id ID, label string, token Token, now time.Time) (Message, error) {
	r, ok := s.contacts[id]
	if !ok || len(r.Exchange) == 0 || len(r.Request) == 0 || r.Blocked {
		return Message{}, fmt.Errorf("%w: it has not asked", ErrNoContact)
	}
	r.Name = or(label, r.Name)
	if len(r.Issued) == 0 {
		r.Issued = [][]byte{slices.Clone(token[:])}
	}
	if ContactState(r.State) == Pending {
		r.Known = toMillis(now)
	}
	r.State, r.Asked = uint8(Confirmed), false
	body, err := wire.Marshal(introduction{Token: r.Issued[0], Name: s.profile.Name, Relays: s.profile.Relays})
	if err != nil {
		return Message{}, err
	}
	m := Message{To: id, Call: [32]byte(r.Exchange), Time: now, Type: TypeContactConfirm, Body: body, Ref: slices.Clone(r.Request)}
	return m, r.check()
}

// confirmed is the guest's side of it. It is done once: what comes again is ErrUnexpected.
func (s *contactState) confirmed(m Message) error {
	r, ok := s.contacts[m.From]
	switch {
	case !ok, r.Blocked, len(r.Exchange) == 0, len(r.Request) == 0,
		ContactState(r.State) == Pending, // they asked us: it is ours to confirm
		!bytes.Equal(r.Exchange, m.Call[:]), !bytes.Equal(r.Request, m.Ref):
		return ErrUnexpected
	}
	in, err := parseIntroduction(m.Body, 0)
	if err != nil {
		return err
	}
	r.State = uint8(Confirmed)
	r.Claimed, r.Token = in.Name, in.Token
	if len(in.Relays) > 0 {
		r.Relays = in.Relays
	}
	r.Exchange, r.Request = nil, nil
	return r.check()
}
