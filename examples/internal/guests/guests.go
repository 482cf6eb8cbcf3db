// Package guests is for bots that answer their contacts, and whose printed invitations let whoever holds one become a contact
// without a question.
package guests

import (
	"context"
	"fmt"
	"io"
	"log"
	"time"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/examples/internal/person"
)

// A Host keeps one unused invitation printed, and confirms whoever used one: the invitation was handed to them.
type Host struct {
	Person      *person.Person
	Invitations io.Writer // gets one invitation a line; they are secrets
	Log         *log.Logger
	TTL         time.Duration // how long an invitation is good
}

// Run returns nil when ctx ends.
func (h *Host) Run(ctx context.Context) error {
	i := &Inviter{Contacts: h.Person.Contacts, TTL: h.TTL, Show: h.show, Full: h.full, Admit: h.confirm}
	return i.Run(ctx)
}

func (h *Host) show(inv e2ee.Invitation) {
	fmt.Fprintln(h.Invitations, inv.URI())
	h.Log.Printf("printed an invitation, for one person, good until %s", inv.Expires.Format(time.DateTime))
}

func (h *Host) full() {
	h.Log.Printf("WARNING: there are %d invitations that have not expired: the next is printed when one has", e2ee.MaxInvitations)
}

// confirm takes a guest as a contact and tells them.
func (h *Host) confirm(ctx context.Context, guest e2ee.Contact) {
	again := guest.State == e2ee.Confirmed
	if !again {
		h.compare(guest)
	}
	err := Take(h.Person.Contacts, guest, "", func(l e2ee.Letter) error { return h.deliver(ctx, l) })
	switch {
	case err != nil:
		h.Log.Printf("%q used an invitation, but the confirmation did not reach them: %v", guest.Name, err)
	case again:
		h.Log.Printf("%q, %v, is a contact, asked again and was told so", guest.Name, guest.ID)
	default:
		h.Log.Printf("%q, %v, used an invitation and is a contact now", guest.Name, guest.ID)
	}
}

// compare warns of a guest who can be taken for a contact.
func (h *Host) compare(guest e2ee.Contact) {
	same, alike := h.Person.Contacts.Resembling(guest.ID, guest.Name)
	for _, c := range append(same, alike...) {
		h.Log.Printf("WARNING: %q, %v, resembles the contact %q, %v: which is which?", guest.Name, guest.ID, c.Name, c.ID)
	}
}

// deliver sends a letter by the guest's relay, which may be away for a moment.
func (h *Host) deliver(ctx context.Context, letter e2ee.Letter) error {
	const patience = 10 * time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return h.Person.Client.Deliver(ctx, letter)
}
