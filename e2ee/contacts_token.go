package e2ee

import (
	"slices"
	"time"
)

// TokenHashes are the hashes of all tokens that let somebody write to our mailbox now: one per contact that is not
// blocked, and one per open invitation. The relay is told the whole set, and again whenever [Contacts.Changed] says so.
// An invitation that expires between needs no hurry: what is written with its token finds it expired.
func (c *Contacts) TokenHashes() [][32]byte {
	s, now := c.snapshot(), c.now()
	var out [][32]byte
	for _, r := range s.contacts {
		if r.Blocked || ContactState(r.State) == Pending {
			continue
		}
		for _, t := range r.Issued {
			out = append(out, Token(t).Hash())
		}
	}
	for _, i := range s.invitations {
		if i.admits(s, now) {
			out = append(out, Token(i.Token).Hash())
		}
	}
	slices.SortFunc(out, func(a, b [32]byte) int { return slices.Compare(a[:], b[:]) })
	return slices.Compact(out)
}

// admits says whether the invitation's token lets anybody write: it does for who used it, unless that one is blocked.
func (i *invitationRecord) admits(s *contactState, now time.Time) bool {
	if i.Closed || i.expired(now) {
		return false
	}
	if len(i.UsedBy) == 0 {
		return true
	}
	r, ok := s.contacts[ID(i.UsedBy)]
	return ok && !r.Blocked
}

// CardFor is our own card with a token for this contact alone, to hand to them by a way of one's own; the token is made
// at the first time. With [Contacts.Add] at both ends it does what an invitation does, without a confirmation.
func (c *Contacts) CardFor(id ID) (Card, error) {
	token := GenerateToken()
	var p Profile
	err := c.edit(id, func(s *contactState, r *record, _ time.Time) error {
		if len(r.Issued) == 0 {
			r.Issued = [][]byte{slices.Clone(token[:])}
		}
		token, p = Token(r.Issued[0]), s.profile
		return nil
	})
	if err != nil {
		return Card{}, err
	}
	return Card{ID: c.id.id, Name: p.Name, Relays: slices.Clone(p.Relays), Token: token}, nil
}

// Card is our own card without a token: who has it knows us, and can write only to an open mailbox.
func (c *Contacts) Card() Card {
	p := c.Profile()
	return Card{ID: c.id.id, Name: p.Name, Relays: p.Relays}
}

// RevokeToken takes back what lets this contact write to us. It can ring again when it gets a new one (CardFor, or an
// invitation).
func (c *Contacts) RevokeToken(id ID) error {
	return c.edit(id, func(s *contactState, r *record, _ time.Time) error {
		r.Issued = nil
		s.closeInvitationsOf(id)
		return nil
	})
}
