package e2ee

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"
)

// Letter is a sealed message of an introduction, or a revocation. It goes through a relay (Sealed, to the mailbox To, on one
// of Relays), or as Text by any way that users have; which of them does not matter, and both do no harm.
type Letter struct {
	To     Box
	Relays []string
	Sealed []byte

	text string
}

// Text is the letter as text: sotto:letter/ and base64url, of some 700 characters. It is sealed: only its receiver can
// read it. A revocation's is FormatRevocation's, for everyone to read.
func (l Letter) Text() string { return l.text }

// Format names the receiver's mailbox alone.
func (l Letter) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, l.short()) }

// LogValue names the receiver's mailbox alone.
func (l Letter) LogValue() slog.Value { return slog.StringValue(l.short()) }

func (l Letter) short() string { return fmt.Sprintf("e2ee.Letter(to %v)", l.To) }

// letter seals one signed message both ways; its hash is one.
func (c *Contacts) letter(to Box, relays []string, m Message) (l Letter, hash [32]byte, err error) {
	signed, hash, err := c.id.sign(m)
	if err != nil {
		return l, hash, err
	}
	l = Letter{To: to, Relays: slices.Clone(relays)}
	if l.Sealed, err = envelopeFormat.seal(to, signed); err != nil {
		return Letter{}, hash, err
	}
	text, err := textFormat.seal(to, signed)
	l.text = letterScheme + base64.RawURLEncoding.EncodeToString(text)
	return l, hash, err
}

// Use uses an invitation: its maker becomes a contact that is Requested, under this label (empty: the name that the
// maker gives itself, or "unnamed"), and may ring us. The letter asks them to confirm. Look at [Contacts.Resembling] before.
// A contact that is Confirmed stays as it is until then: its confirmation, which is signed, brings the new token and relays.
//
// ErrInvitation: it has expired, or is our own.
func (c *Contacts) Use(inv Invitation, label string) (Letter, error) {
	if inv.secret.p == nil || inv.From == c.id.id {
		return Letter{}, ErrInvitation
	}
	var call [32]byte
	_, _ = rand.Read(call[:])
	token := GenerateToken()
	var l Letter
	err := c.update(func(s *contactState, now time.Time) error {
		body, err := s.use(inv, label, call, token, now)
		if err != nil {
			return err
		}
		m := Message{To: inv.From, Call: call, Time: now, Type: TypeContactRequest, Body: body}
		var hash [32]byte
		l, hash, err = c.letter(inv.From.Box(inv.secret.get().token), inv.Relays, m)
		s.contacts[inv.From].Request = hash[:]
		return err
	})
	if err != nil {
		return Letter{}, err
	}
	return l, nil
}

// Confirm takes who used our invitation as a contact, under this label (empty: the invitation's, or the name that they
// give themselves). The letter tells them, and brings them a token of their own. Confirming again gives the letter again.
func (c *Contacts) Confirm(id ID, label string) (Letter, error) {
	token := GenerateToken()
	var l Letter
	err := c.update(func(s *contactState, now time.Time) error {
		m, err := s.confirm(id, label, token, now)
		if err != nil {
			return err
		}
		r := s.contacts[id]
		l, _, err = c.letter(id.Box(Token(r.Token)), r.Relays, m)
		return err
	})
	if err != nil {
		return Letter{}, err
	}
	return l, nil
}

// Refuse forgets who used our invitation, and closes the invitation. Nobody is told. Who was a contact before stays one.
func (c *Contacts) Refuse(id ID) error {
	return c.update(func(s *contactState, _ time.Time) error {
		r, ok := s.contacts[id]
		if !ok || !r.waits() {
			return ErrNoContact
		}
		r.Asked = false
		if ContactState(r.State) == Pending {
			delete(s.contacts, id)
		}
		s.closeInvitationsOf(id)
		return nil
	})
}

// Receive takes a message of this package's types that [Mailbox.Open] opened in our own mailbox, with its hash, and
// gives the contact that it is about: a Pending one for TypeContactRequest (ask the user, then Confirm or Refuse), a
// Confirmed one for TypeContactConfirm, who called for TypeMissedCall, a blocked one for TypeRevocation.
//
// ErrUnexpected, ErrInvitation and ErrNoContact mean that it concerns nothing here: drop it and answer nothing.
func (c *Contacts) Receive(m Message, hash [32]byte) (Contact, error) {
	if m.To != c.id.id || m.From == c.id.id {
		return Contact{}, ErrUnexpected
	}
	switch m.Type {
	case TypeContactRequest:
		return c.change(m.From, func(s *contactState, now time.Time) error { return s.request(m, hash, now) })
	case TypeContactConfirm:
		return c.change(m.From, func(s *contactState, _ time.Time) error { return s.confirmed(m) })
	case TypeMissedCall:
		return c.change(m.From, func(s *contactState, now time.Time) error {
			if err := s.missed(m, now); err != nil {
				return err
			}
			if !c.noticeDue(m.From, now) {
				return ErrUnexpected
			}
			return nil
		})
	case TypeRevocation:
		return c.ReceiveRevocation(m.Body)
	}
	return Contact{}, ErrUnexpected
}

// ReceiveText takes a letter that came as text, as Receive does. Its errors hold nothing of it.
func (c *Contacts) ReceiveText(s string) (Contact, error) {
	m, hash, err := c.openLetter(s)
	if err != nil {
		return Contact{}, err
	}
	return c.Receive(m, hash)
}

func (c *Contacts) openLetter(s string) (m Message, hash [32]byte, err error) {
	s, ok := strings.CutPrefix(strings.TrimSpace(s), letterScheme)
	if !ok || len(s) > 2*textFormat.sizes[len(textFormat.sizes)-1] {
		return m, hash, fmt.Errorf("%w: letter", ErrMalformed)
	}
	box, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil {
		return m, hash, fmt.Errorf("%w: letter", ErrMalformed)
	}
	m, hash, err = c.id.mailbox.open(textFormat, box, c.id.id)
	if err == nil && m.Type != TypeContactRequest && m.Type != TypeContactConfirm {
		return Message{}, hash, fmt.Errorf("%w: type of message in a letter", ErrMalformed)
	}
	return m, hash, err
}

// IsLetter says whether the text seems to be a letter.
func IsLetter(s string) bool { return strings.HasPrefix(strings.TrimSpace(s), letterScheme) }

// IsInvitation says whether the text seems to be an invitation's URI.
func IsInvitation(s string) bool { return strings.HasPrefix(strings.TrimSpace(s), inviteScheme) }

// IsRevocation says whether the text seems to be a revocation.
func IsRevocation(s string) bool { return strings.HasPrefix(strings.TrimSpace(s), revokeScheme) }
