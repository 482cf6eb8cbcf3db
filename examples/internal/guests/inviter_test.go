package guests

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/e2ee"
)

// A desk is an Inviter at work, and what it has done.
type desk struct {
	t        *testing.T
	contacts *e2ee.Contacts

	mu       sync.Mutex // synctest.Wait orders for us, but not for the race detector
	shown    []e2ee.Invitation
	full     int
	admitted int
	failed   error // why Take did, the last time

	before func(e2ee.Contact) // runs before a guest is let in; nil: nothing does
	stop   func()             // ends it, and wants no error
}

func newContacts(t *testing.T, name string) (*e2ee.Identity, *e2ee.Contacts) {
	t.Helper()
	id := e2ee.Generate()
	contacts, err := e2ee.OpenContacts("", id)
	if err == nil {
		err = contacts.SetProfile(e2ee.Profile{Name: name, Relays: []string{"relay"}})
	}
	if err != nil {
		t.Fatal(err)
	}
	return id, contacts
}

// open starts an Inviter for contacts; every letter is delivered, and lost.
func open(t *testing.T, contacts *e2ee.Contacts) *desk {
	t.Helper()
	d := &desk{t: t, contacts: contacts}
	i := &Inviter{
		Contacts: contacts, TTL: time.Hour,
		Show: func(inv e2ee.Invitation) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.shown = append(d.shown, inv)
		},
		Full: func() {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.full++
		},
		Admit: func(_ context.Context, guest e2ee.Contact) {
			d.mu.Lock()
			defer d.mu.Unlock()
			if d.before != nil {
				d.before(guest)
			}
			d.admitted++
			d.failed = Take(contacts, guest, "", func(e2ee.Letter) error { return nil })
		},
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- i.Run(ctx) }()
	d.stop = func() {
		t.Helper()
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the inviter ended with %v", err)
		}
	}
	synctest.Wait()
	return d
}

// ask has a guest use an invitation, a second after what was done before.
func (d *desk) ask(guest *e2ee.Contacts, inv e2ee.Invitation) {
	d.t.Helper()
	time.Sleep(time.Second)
	letter, err := guest.Use(inv, "")
	if err == nil {
		_, err = d.contacts.ReceiveText(letter.Text())
	}
	if err != nil {
		d.t.Fatal(err)
	}
	synctest.Wait()
}

// wants compares how many invitations were shown, and guests admitted.
func (d *desk) wants(shown, admitted int) {
	d.t.Helper()
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.shown) != shown || d.admitted != admitted {
		d.t.Fatalf("%d invitations, want %d; %d admitted, want %d", len(d.shown), shown, d.admitted, admitted)
	}
}

// A guest who is blocked before they are confirmed, as by a revocation of their own, costs one invitation, at a later start too.
// Mutations: attend does not ask good; e2ee's waits does not look at Blocked, and Take does not refuse.
func TestABlockedGuestEndsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, contacts := newContacts(t, "Bot")
		id, guest := newContacts(t, "Guest")
		d := open(t, contacts)
		d.before = func(e2ee.Contact) {
			statement, err := id.Revoke(time.Now(), nil)
			if err == nil {
				_, err = contacts.ReceiveRevocation(statement)
			}
			if err != nil {
				t.Error(err)
			}
		}
		d.ask(guest, d.shown[0])
		d.wants(2, 1)
		if !errors.Is(d.failed, e2ee.ErrNoContact) {
			t.Errorf("who is blocked was confirmed: %v", d.failed)
		}
		time.Sleep(time.Minute)
		d.wants(2, 1)
		d.stop()
		again := open(t, contacts)
		time.Sleep(time.Minute)
		again.wants(1, 0)
		again.stop()
	})
}

// A contact that asks again is told again, and gets no invitation for it; the next guest does. Mutations: attend returns when
// there were Requests; Unused does not look at who used it; attend looks at Requests once.
func TestWhoAsksAgainGetsNoInvitation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, contacts := newContacts(t, "Bot")
		_, guest := newContacts(t, "Guest")
		_, other := newContacts(t, "Other")
		d := open(t, contacts)
		for n := range 10 {
			d.ask(guest, d.shown[0])
			d.wants(2, n+1)
		}
		d.ask(other, d.shown[1])
		d.wants(3, 11)
		d.stop()
	})
}

// A store that is full of invitations ends nothing: guests are let in, it is said once, and the next invitation comes when one
// has expired. Mutations: Run fails with ErrTooLarge, says it each time, or attends to nobody meanwhile.
func TestFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, contacts := newContacts(t, "Bot")
		_, guest := newContacts(t, "Guest")
		var inv e2ee.Invitation
		for range e2ee.MaxInvitations {
			var err error
			if inv, err = contacts.Invite(10*time.Minute, ""); err != nil {
				t.Fatal(err)
			}
		}
		d := open(t, contacts)
		d.ask(guest, inv)
		time.Sleep(8 * time.Minute)
		d.wants(0, 1)
		if d.full != 1 {
			t.Errorf("it was said %d times", d.full)
		}
		time.Sleep(3 * time.Minute)
		d.wants(1, 1)
		d.stop()
	})
}

// Who cannot be confirmed is refused, if they still wait; who is a contact stays one. Mutation: Take without Refuse.
func TestTakeRefuses(t *testing.T) {
	_, contacts := newContacts(t, "Bot")
	_, guest := newContacts(t, "Guest")
	inv, err := contacts.Invite(time.Hour, "")
	if err != nil {
		t.Fatal(err)
	}
	letter, err := guest.Use(inv, "")
	if err == nil {
		_, err = contacts.ReceiveText(letter.Text())
	}
	if err != nil {
		t.Fatal(err)
	}
	bad := "\u202e" // no label
	if err := Take(contacts, contacts.Requests()[0], bad, nil); err == nil || len(contacts.Requests()) != 0 {
		t.Errorf("%v, and %d wait", err, len(contacts.Requests()))
	}
}
