package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"time"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/examples/internal/person"
	"github.com/sotto-calls/sotto/examples/kiosk/internal/systemd"
	"github.com/sotto-calls/sotto/signal"
)

const (
	firstPause = time.Second
	lastPause  = time.Minute
)

// online connects, and for as long as the relay is away tries again, at growing intervals. It gives nil if ctx ends before.
// What waiting does not mend is an error at once: a wrong passphrase, a relay that refuses us.
func online(ctx context.Context, o options, n *systemd.Notifier, l *log.Logger, debug io.Writer) (*person.Person, error) {
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		p, err := person.Online(ctx, o.Flags, person.Service{MaxCalls: maxCalls(o)}, debug)
		if err == nil {
			return p, nil
		}
		if ctx.Err() != nil {
			return nil, nil
		}
		if !errors.Is(err, signal.ErrUnavailable) {
			return nil, err
		}
		if _, err := os.Stat(o.Identity); err == nil {
			o.New = false // it was made by the attempt that failed
		}
		l.Printf("again in %v: %v", pause, err)
		if err := n.Notify(systemd.Status("waiting for the relay"), systemd.Extend(pause+time.Minute)); err != nil {
			l.Printf("systemd does not hear us: %v", err)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, nil
		}
	}
}

// maxCalls leaves room beside those we ring for callers: the kiosk itself tells them that it is busy.
func maxCalls(o options) int { return len(o.ring) + 8 }

// introduce prints one invitation, and takes whoever uses it as a contact under the name of -invite. It returns when that is
// done, when the invitation has expired, or when ctx ends.
func (k *kiosk) introduce(ctx context.Context, out io.Writer) error {
	const ttl = 24 * time.Hour
	contacts := k.person.Contacts
	if c, err := contacts.Find(k.invite); err == nil && c.State != e2ee.Pending {
		k.log.Printf("-invite: %q is a contact already; nothing is printed", k.invite)
		return nil
	}
	inv, err := contacts.Invite(ttl, k.invite)
	if err != nil {
		return fmt.Errorf("-invite: %w", err)
	}
	fmt.Fprintln(out, inv.URI())
	k.log.Printf("printed an invitation for %q, good until %s", k.invite, inv.Expires.Format(time.DateTime))
	ctx, cancel := context.WithDeadline(ctx, inv.Expires)
	defer cancel()
	for {
		changed := contacts.Changed() // before looking, or a change in between goes unseen
		for _, guest := range contacts.Requests() {
			if guest.Name == k.invite { // not whoever used another invitation, of contact invite
				k.confirm(ctx, guest)
				return nil
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil
		}
	}
}

// confirm takes a guest as a contact and tells them.
func (k *kiosk) confirm(ctx context.Context, guest e2ee.Contact) {
	letter, err := k.person.Contacts.Confirm(guest.ID, "")
	if err == nil {
		ctx, cancel := context.WithTimeout(ctx, takeHold)
		defer cancel()
		err = k.person.Client.Deliver(ctx, letter)
	}
	if err != nil {
		k.log.Printf("%q used the invitation, but the confirmation did not reach them: %v", guest.Name, err)
		return
	}
	k.log.Printf("%q, %v, used the invitation and is a contact now, not verified yet", guest.Name, guest.ID)
}
