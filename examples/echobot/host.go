package main

import (
	"context"
	"fmt"
	"time"

	"github.com/sotto-calls/sotto/e2ee"
)

// host keeps one unused invitation printed, and confirms whoever used one: the invitation was handed to them.
func (b *bot) host(ctx context.Context) error {
	for {
		inv, err := b.person.Contacts.Invite(b.ttl, "")
		if err != nil {
			return fmt.Errorf("no invitation: %w", err)
		}
		fmt.Fprintln(b.invitations, inv.URI())
		b.log.Printf("printed an invitation, for one person, good until %s", inv.Expires.Format(time.DateTime))
		if err := b.awaitGuest(ctx, time.Until(inv.Expires)); err != nil {
			return nil // the program ends
		}
	}
}

// awaitGuest returns when an invitation was used or has expired, or with ctx's error.
func (b *bot) awaitGuest(ctx context.Context, ttl time.Duration) error {
	expired := time.NewTimer(ttl)
	defer expired.Stop()
	for {
		changed := b.person.Contacts.Changed() // before looking, or a change in between goes unseen
		guests := b.person.Contacts.Requests()
		for _, guest := range guests {
			b.confirm(ctx, guest)
		}
		if len(guests) > 0 {
			return nil
		}
		select {
		case <-changed:
		case <-expired.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// confirm takes a guest as a contact and tells them.
func (b *bot) confirm(ctx context.Context, guest e2ee.Contact) {
	same, alike := b.person.Contacts.Resembling(guest.ID, guest.Name)
	for _, c := range append(same, alike...) {
		b.log.Printf("WARNING: %q, %v, resembles the contact %q, %v: which is which?", guest.Name, guest.ID, c.Name, c.ID)
	}
	letter, err := b.person.Contacts.Confirm(guest.ID, "")
	if err == nil {
		err = b.deliver(ctx, letter)
	}
	if err != nil {
		b.log.Printf("%q used an invitation, but the confirmation did not reach them: %v", guest.Name, err)
		return
	}
	b.log.Printf("%q, %v, used an invitation and is a contact now", guest.Name, guest.ID)
}

// deliver sends a letter by the guest's relay, which may be away for a moment.
func (b *bot) deliver(ctx context.Context, letter e2ee.Letter) error {
	const patience = 10 * time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return b.person.Client.Deliver(ctx, letter)
}
