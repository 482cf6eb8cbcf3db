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
	for {
		inv, err := h.Person.Contacts.Invite(h.TTL, "")
		if err != nil {
			return fmt.Errorf("no invitation: %w", err)
		}
		fmt.Fprintln(h.Invitations, inv.URI())
		h.Log.Printf("printed an invitation, for one person, good until %s", inv.Expires.Format(time.DateTime))
		if err := h.await(ctx, time.Until(inv.Expires)); err != nil {
			return nil // the program ends
		}
	}
}

// await returns when an invitation was used or has expired, or with ctx's error.
func (h *Host) await(ctx context.Context, ttl time.Duration) error {
	expired := time.NewTimer(ttl)
	defer expired.Stop()
	for {
		changed := h.Person.Contacts.Changed() // before looking, or a change in between goes unseen
		requests := h.Person.Contacts.Requests()
		for _, guest := range requests {
			h.confirm(ctx, guest)
		}
		if len(requests) > 0 {
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
func (h *Host) confirm(ctx context.Context, guest e2ee.Contact) {
	same, alike := h.Person.Contacts.Resembling(guest.ID, guest.Name)
	for _, c := range append(same, alike...) {
		h.Log.Printf("WARNING: %q, %v, resembles the contact %q, %v: which is which?", guest.Name, guest.ID, c.Name, c.ID)
	}
	letter, err := h.Person.Contacts.Confirm(guest.ID, "")
	if err == nil {
		err = h.deliver(ctx, letter)
	}
	if err != nil {
		h.Log.Printf("%q used an invitation, but the confirmation did not reach them: %v", guest.Name, err)
		return
	}
	h.Log.Printf("%q, %v, used an invitation and is a contact now", guest.Name, guest.ID)
}

// deliver sends a letter by the guest's relay, which may be away for a moment.
func (h *Host) deliver(ctx context.Context, letter e2ee.Letter) error {
	const patience = 10 * time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return h.Person.Client.Deliver(ctx, letter)
}
