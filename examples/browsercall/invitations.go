package main

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/examples/internal/guests"
)

// host keeps one unused invitation printed, and confirms whoever used one: it was handed to them by the bot's owner.
func (b *bot) host(ctx context.Context) error {
	i := &guests.Inviter{Contacts: b.contacts, TTL: b.ttl, Show: b.show, Full: b.full, Admit: b.confirm, More: b.invite}
	return i.Run(ctx)
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

func (b *bot) full() {
	b.warn("there are %d invitations that have not expired: the next is printed when one has", e2ee.MaxInvitations)
}

// link is the page with an invitation in its fragment, which browsers send to nobody. A # of the invitation's own is
// written as %23: there is no other % in what follows it, so the page can tell.
func link(page string, inv e2ee.Invitation) string {
	return page + "#" + strings.ReplaceAll(inv.URI(), "#", "%23")
}

// confirm takes a guest as a contact and tells them.
func (b *bot) confirm(ctx context.Context, guest e2ee.Contact) {
	label := b.label(guest)
	err := guests.Take(b.contacts, guest, label, func(l e2ee.Letter) error {
		const patience = 10 * time.Second
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		return b.client.Deliver(ctx, l)
	})
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
		number := fmt.Sprintf(" (%d)", n)
		name = strings.TrimSpace(cut(guest.Name, e2ee.MaxName-len(number))) + number
	}
}

// cut leaves at most so many bytes of s, and whole runes: with a label that is too long nobody could be confirmed.
func cut(s string, most int) string {
	for len(s) > most {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}
