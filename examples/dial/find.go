package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/examples/internal/person"
)

// confirmTime is how long whoever made an invitation may take to confirm. Their relay keeps our letter for a minute.
const confirmTime = time.Minute

// find gives whom to ring: a contact that we have, or whoever made the invitation.
func find(ctx context.Context, say io.Writer, o options, p *person.Person) (e2ee.Contact, error) {
	if o.invitation != "" {
		return useInvitation(ctx, say, o, p)
	}
	to, err := p.Contacts.Find(o.contact)
	switch {
	case err != nil:
		return to, fmt.Errorf("%w: go run ./examples/contact list shows the contacts; -invitation URI makes a new one", err)
	case to.State == e2ee.Pending:
		return to, fmt.Errorf("%q asks to become a contact: look at it with contact list, and confirm it first", to.Name)
	case to.State == e2ee.Requested:
		return awaitConfirm(ctx, say, p, to)
	case to.Blocked:
		return to, fmt.Errorf("%q is blocked: contact revoke -undo lets it in again", to.Name)
	case to.Token.IsZero():
		return to, fmt.Errorf("nothing lets us write to %q: ask them for an invitation, or for a card (contact show -card)", to.Name)
	}
	return to, nil
}

// useInvitation asks to become a contact, and waits for the answer.
func useInvitation(ctx context.Context, say io.Writer, o options, p *person.Person) (e2ee.Contact, error) {
	inv, err := e2ee.ParseInvitation(o.invitation)
	if err != nil {
		return e2ee.Contact{}, fmt.Errorf("-invitation: %w", err)
	}
	if known, ok := p.Contacts.Lookup(inv.From); ok && known.State == e2ee.Confirmed {
		fmt.Fprintf(say, "%q is a contact already; the invitation was not needed.\n", known.Name)
		return known, nil
	}
	name := o.contact
	if name == "" {
		name = inv.Name
	}
	same, alike := p.Contacts.Resembling(inv.From, name)
	for _, c := range append(same, alike...) {
		fmt.Fprintf(say, "WARNING: %q is easily taken for another contact, %q, %v. Ask them which key is theirs.\n", name, c.Name, c.ID)
	}
	letter, err := p.Contacts.Use(inv, o.contact)
	if err != nil {
		return e2ee.Contact{}, fmt.Errorf("-invitation: %w: ask for a new one", err)
	}
	if err := p.Client.Deliver(ctx, letter); err != nil {
		return e2ee.Contact{}, fmt.Errorf("the relay of whoever invites, %q, was not reached: %w", letter.Relays, err)
	}
	to, ok := p.Contacts.Lookup(inv.From)
	if !ok {
		return to, e2ee.ErrNoContact
	}
	return awaitConfirm(ctx, say, p, to)
}

// awaitConfirm waits until a contact that we asked has said yes.
func awaitConfirm(ctx context.Context, say io.Writer, p *person.Person, to e2ee.Contact) (e2ee.Contact, error) {
	fmt.Fprintf(say, "Waiting for %q to confirm that we are contacts.\n", to.Name)
	ctx, cancel := context.WithTimeout(ctx, confirmTime)
	defer cancel()
	for {
		changed := p.Contacts.Changed() // before looking, or a change in between goes unseen
		now, ok := p.Contacts.Lookup(to.ID)
		if !ok {
			return now, fmt.Errorf("%q is no contact any more", to.Name)
		}
		if now.State == e2ee.Confirmed {
			fmt.Fprintf(say, "%q is a contact now. Safety number, to be compared by another way than this:\n%s\n", now.Name,
				e2ee.FormatSafetyNumber(e2ee.SafetyNumber(p.Identity.Public(), now.ID)))
			return now, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return now, errors.Join(fmt.Errorf("%q has not confirmed: is their program running? Try again with the same invitation", to.Name), ctx.Err())
		}
	}
}
