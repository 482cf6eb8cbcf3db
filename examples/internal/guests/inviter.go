package guests

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sotto-calls/sotto/e2ee"
)

// An Inviter keeps one unused invitation to hand out, and has everybody let in who used one.
type Inviter struct {
	Contacts *e2ee.Contacts
	TTL      time.Duration // how long an invitation is good
	Show     func(e2ee.Invitation)
	Full     func()                              // there are too many invitations: the next is shown when one has expired
	Admit    func(context.Context, e2ee.Contact) // takes who used an invitation as a contact, also one who asks again
	More     <-chan struct{}                     // somebody wants another invitation; nil: nobody does
}

// retry is how often a full store is asked whether an invitation in it has expired.
const retry = time.Minute

// Run returns nil when ctx ends. What is asked of it decides how many invitations there are, never who asks: they only ever
// get the next one when they used the last.
func (i *Inviter) Run(ctx context.Context) error {
	full := false
	for ctx.Err() == nil {
		inv, err := i.Contacts.Invite(i.TTL, "")
		switch {
		case err == nil:
			full = false
			i.Show(inv)
			i.attend(ctx, time.Until(inv.Expires), func() bool { return i.Contacts.Unused(inv) })
		case errors.Is(err, e2ee.ErrTooLarge):
			if !full {
				i.Full()
			}
			full = true
			i.attend(ctx, retry, func() bool { return true })
		default:
			return fmt.Errorf("no invitation: %w", err)
		}
	}
	return nil
}

// attend lets in who asks, until there is something else to do: the time is over, good is false, another invitation is
// wanted, or ctx has ended.
func (i *Inviter) attend(ctx context.Context, limit time.Duration, good func() bool) {
	over := time.NewTimer(limit)
	defer over.Stop()
	for {
		changed := i.Contacts.Changed() // before looking, or a change in between goes unseen
		for _, guest := range i.Contacts.Requests() {
			i.Admit(ctx, guest)
		}
		if !good() {
			return
		}
		select {
		case <-changed:
		case <-i.More:
			return
		case <-over.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// Take takes a guest as a contact, under a label of ours (empty: what they call themselves), and has deliver send them the
// letter. Who cannot be confirmed is refused: they would wait for ever.
func Take(contacts *e2ee.Contacts, guest e2ee.Contact, label string, deliver func(e2ee.Letter) error) error {
	letter, err := contacts.Confirm(guest.ID, label)
	if err == nil {
		return deliver(letter)
	}
	if refused := contacts.Refuse(guest.ID); refused != nil && !errors.Is(refused, e2ee.ErrNoContact) { // it may be gone, or blocked
		err = errors.Join(err, refused)
	}
	return err
}
