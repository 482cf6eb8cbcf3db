package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/sotto-calls/sotto/e2ee"
)

// host keeps one unused invitation printed, and confirms whoever used one: it was handed to them by the bot's owner.
func (b *bot) host(ctx context.Context) error {
	for {
		inv, err := b.contacts.Invite(b.ttl, "")
		if err != nil {
			return fmt.Errorf("no invitation: %w", err)
		}
		b.show(inv)
		if err := b.awaitGuest(ctx, time.Until(inv.Expires)); err != nil {
			return nil // the program ends
		}
	}
}

// show prints the page's address with an invitation, as text and as a QR code.
func (b *bot) show(inv e2ee.Invitation) {
	url := link(b.page, inv)
	if b.program == nil {
		b.say("\n%s", qrText(url))
	}
	b.tell(event{Event: "invitation", URL: url, Expires: inv.Expires.UTC().Format(time.RFC3339)},
		"An invitation for one person, good until %s. It is a secret:\n\n%s\n", inv.Expires.Format(time.TimeOnly), url)
}

// link is the page with an invitation in its fragment, which browsers send to nobody. A # of the invitation's own is
// written as %23: there is no other % in what follows it, so the page can tell.
func link(page string, inv e2ee.Invitation) string {
	return page + "#" + strings.ReplaceAll(inv.URI(), "#", "%23")
}

// awaitGuest returns when an invitation was used, has expired, or another is wanted, or with ctx's error.
func (b *bot) awaitGuest(ctx context.Context, ttl time.Duration) error {
	expired := time.NewTimer(ttl)
	defer expired.Stop()
	for {
		changed := b.contacts.Changed() // before looking, or a change in between goes unseen
		guests := b.contacts.Requests()
		for _, guest := range guests {
			b.confirm(ctx, guest)
		}
		if len(guests) > 0 {
			return nil
		}
		select {
		case <-changed:
		case <-b.invite:
			return nil
		case <-expired.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// confirm takes a guest as a contact and tells them.
func (b *bot) confirm(ctx context.Context, guest e2ee.Contact) {
	label := b.label(guest)
	letter, err := b.contacts.Confirm(guest.ID, label)
	if err == nil {
		const patience = 10 * time.Second
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		err = b.client.Deliver(ctx, letter)
	}
	if err != nil {
		b.warn("%q used an invitation, but the confirmation did not reach them: %v", label, err)
		return
	}
	b.tell(event{Event: "contact", Name: label, ID: e2ee.FormatID(guest.ID), Safety: b.safetyNumber(guest.ID)},
		"%q used the invitation and is a contact now. Safety number:\n%s", label, b.safetyNumber(guest.ID))
}

// label is our name for a guest: what it calls itself, with a number if somebody has that name or one that is easily
// taken for it. A page that lost its keys comes back as somebody new, so this is common. A contact keeps its name.
func (b *bot) label(guest e2ee.Contact) string {
	name := guest.Name
	if guest.State == e2ee.Confirmed {
		return name
	}
	if name == "" {
		name = "Browser"
	}
	for n := 2; ; n++ {
		same, alike := b.contacts.Resembling(guest.ID, name)
		if len(same)+len(alike) == 0 || n > 1000 {
			return name
		}
		name = fmt.Sprintf("%s (%d)", strings.TrimSpace(guest.Name), n)
	}
}
