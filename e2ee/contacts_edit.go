package e2ee

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"slices"
	"time"
)

// Profile is what we say of ourselves.
func (c *Contacts) Profile() Profile {
	p := c.snapshot().profile
	p.Relays = slices.Clone(p.Relays)
	return p
}

// SetProfile changes what later invitations and cards say of us.
func (c *Contacts) SetProfile(p Profile) error {
	if err := checkProfile(p.Name, p.Relays); err != nil {
		return err
	}
	return c.update(func(s *contactState, _ time.Time) error {
		s.profile = Profile{p.Name, slices.Clone(p.Relays)}
		return nil
	})
}

// Add makes the owner of a card a contact under a label of ours; an empty label takes the card's name. It asks nobody:
// whoever it is may ring from now on, and we can write to them if the card has a token that they know. A contact of the
// same ID keeps its label and gets the card's token and relays. Look at [Contacts.Resembling] before.
func (c *Contacts) Add(card Card, label string) (Contact, error) {
	if err := card.ID.Check(); err != nil {
		return Contact{}, err
	}
	if card.ID == c.id.id {
		return Contact{}, fmt.Errorf("%w: this card is our own", ErrNoContact)
	}
	return c.change(card.ID, func(s *contactState, now time.Time) error {
		r, ok := s.contacts[card.ID]
		if !ok {
			r = &record{ID: card.ID[:], Name: or(label, card.Name), State: uint8(Confirmed), Known: toMillis(now)}
			if err := s.insert(r); err != nil {
				return err
			}
		}
		if ContactState(r.State) == Pending {
			return fmt.Errorf("%w: it waits to be confirmed or refused", ErrNoContact)
		}
		r.Claimed = or(card.Name, r.Claimed)
		if !card.Token.IsZero() {
			r.Token = card.Token[:]
		}
		if len(card.Relays) > 0 {
			r.Relays = slices.Clone(card.Relays)
		}
		return r.check()
	})
}

func (s *contactState) insert(r *record) error {
	if len(s.contacts) >= MaxContacts {
		return fmt.Errorf("%w: more than %d contacts", ErrTooLarge, MaxContacts)
	}
	if r.Name == "" {
		return fmt.Errorf("%w: a contact needs a name", ErrMalformed)
	}
	if err := r.check(); err != nil {
		return err
	}
	s.contacts[ID(r.ID)] = r
	return nil
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// change updates the store and gives the contact that was changed.
func (c *Contacts) change(id ID, f func(s *contactState, now time.Time) error) (out Contact, err error) {
	err = c.update(func(s *contactState, now time.Time) error {
		if err := f(s, now); err != nil {
			return err
		}
		if r, ok := s.contacts[id]; ok {
			out = r.contact()
		}
		return nil
	})
	if err != nil {
		return Contact{}, err
	}
	return out, nil
}

// edit changes one contact that is there.
func (c *Contacts) edit(id ID, f func(s *contactState, r *record, now time.Time) error) error {
	return c.update(func(s *contactState, now time.Time) error {
		r, ok := s.contacts[id]
		if !ok {
			return ErrNoContact
		}
		if err := f(s, r, now); err != nil {
			return err
		}
		return r.check()
	})
}

// Rename changes our label.
func (c *Contacts) Rename(id ID, label string) error {
	return c.edit(id, func(_ *contactState, r *record, _ time.Time) error {
		r.Name = label
		return nil
	})
}

// Verify remembers that our user compared safety number or emoji with this contact, now.
func (c *Contacts) Verify(id ID) error {
	return c.edit(id, func(_ *contactState, r *record, now time.Time) error {
		if r.Revoked != 0 {
			return fmt.Errorf("%w: it was revoked by its owner", ErrNoContact)
		}
		r.Verified = toMillis(now)
		return nil
	})
}

// Unverify forgets it.
func (c *Contacts) Unverify(id ID) error {
	return c.edit(id, func(_ *contactState, r *record, _ time.Time) error {
		r.Verified = 0
		return nil
	})
}

// Block says whether the contact may ring and write. A contact that its owner revoked stays blocked.
func (c *Contacts) Block(id ID, blocked bool) error {
	return c.edit(id, func(_ *contactState, r *record, _ time.Time) error {
		if r.Revoked != 0 && !blocked {
			return fmt.Errorf("%w: it was revoked by its owner", ErrNoContact)
		}
		r.Blocked = blocked
		return nil
	})
}

// Remove forgets the contact with its tokens. An invitation that it used is spent.
func (c *Contacts) Remove(id ID) error {
	return c.update(func(s *contactState, _ time.Time) error {
		if _, ok := s.contacts[id]; !ok {
			return ErrNoContact
		}
		delete(s.contacts, id)
		s.closeInvitationsOf(id)
		return nil
	})
}

// ReceiveRevocation takes an identity's signed statement ([Identity.Revoke]). If the identity is a contact, it is
// blocked at once and shown as revoked, whoever brought the statement; if it names another identity in its place,
// [Contacts.AcceptReplacement] can take that. Contacts that are verified stay shown as such, with the date.
func (c *Contacts) ReceiveRevocation(statement []byte) (Contact, error) {
	rev, err := ParseRevocation(statement)
	if err != nil {
		return Contact{}, err
	}
	return c.change(rev.ID, func(s *contactState, _ time.Time) error {
		r, ok := s.contacts[rev.ID]
		if !ok {
			return ErrNoContact
		}
		if r.Revoked != 0 && (len(r.ReplacedBy) > 0 || rev.ReplacedBy.IsZero()) {
			return nil // the first word of who takes its place stands: a thief's would come later
		}
		r.Blocked, r.Revoked = true, toMillis(rev.Time)
		if !rev.ReplacedBy.IsZero() {
			r.ReplacedBy = bytes.Clone(rev.ReplacedBy[:])
		}
		return r.check()
	})
}

// Revocations brings our own identity's statement ([Identity.Revoke]) to all whom we can write to: a letter for each contact
// that has given us a token, by name. ErrUnexpected: the statement is another identity's.
func (c *Contacts) Revocations(statement []byte) ([]Letter, error) {
	rev, err := ParseRevocation(statement)
	if err != nil {
		return nil, err
	}
	if rev.ID != c.id.id {
		return nil, ErrUnexpected
	}
	var out []Letter
	for _, to := range c.list(func(r *record) bool { return len(r.Token) > 0 }) {
		m := Message{To: to.ID, Time: c.now(), Type: TypeRevocation, Body: statement}
		_, _ = rand.Read(m.Call[:])
		l, _, err := c.letter(to.Box(), to.Relays, m)
		if err != nil {
			return nil, err
		}
		l.text = FormatRevocation(statement)
		out = append(out, l)
	}
	return out, nil
}

// AcceptReplacement makes the identity that a revoked contact named a contact, with its label, relays and tokens, and
// unverified: a thief can name one too. The old one stays, blocked. One that used an invitation of ours has given its own
// relays, and waits in [Contacts.Requests] until Confirm tells it. Who is a contact already stays as it is.
func (c *Contacts) AcceptReplacement(id ID) (Contact, error) {
	var next ID
	err := c.edit(id, func(s *contactState, r *record, now time.Time) error {
		if r.Revoked == 0 || len(r.ReplacedBy) == 0 {
			return fmt.Errorf("%w: nothing replaces it", ErrNoContact)
		}
		next = ID(r.ReplacedBy)
		if n, ok := s.contacts[next]; ok {
			return n.replace(r, now)
		}
		n := &record{ID: next[:], Name: r.Name, Claimed: r.Claimed, Token: r.Token, Relays: r.Relays, Issued: r.Issued,
			State: uint8(Confirmed), Known: toMillis(now)}
		r.Token, r.Issued = nil, nil
		return s.insert(n)
	})
	if err != nil {
		return Contact{}, err
	}
	out, _ := c.Lookup(next)
	return out, nil
}

// replace makes a Pending contact a Confirmed one in place of r, whose tokens let it write from now on. It has asked, so
// it goes on waiting for a Confirm. Who is no longer Pending stays as it is.
func (n *record) replace(r *record, now time.Time) error {
	if ContactState(n.State) != Pending {
		return nil
	}
	n.Name, n.State, n.Known = r.Name, uint8(Confirmed), toMillis(now)
	n.Issued = slices.Concat(n.Issued, r.Issued)
	n.Issued = n.Issued[:min(len(n.Issued), maxIssued)]
	r.Token, r.Issued = nil, nil
	return n.check()
}

// MoveTo writes these contacts to a new file as another identity's, for the owner of both: with labels, tokens and
// relays, as verified as they were (it is they who were), without open invitations and missed calls.
func (c *Contacts) MoveTo(path string, next *Identity) error {
	n, err := OpenContacts(path, next)
	if err != nil {
		return err
	}
	old := c.snapshot().clone()
	return n.update(func(s *contactState, _ time.Time) error {
		if len(s.contacts) > 0 {
			return fmt.Errorf("%w: the store has contacts already", ErrTooLarge)
		}
		s.profile, s.contacts = old.profile, old.contacts
		delete(s.contacts, next.id)
		return nil
	})
}
