package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/e2ee/keystore"
)

// invitationTTL is how long an invitation of -invite is good.
const invitationTTL = 24 * time.Hour

// An ownInvitation is one that this program made. Its label is made of random letters and in no way part of the URI: a contact
// that asks under this name used this invitation. A name that people read would tell nothing, for who uses an invitation
// without a label is named as they like.
type ownInvitation struct {
	e2ee.Invitation
	label string
}

// introduce prints one invitation, and takes whoever uses it as a contact under the name of -invite. It returns when the
// invitation has expired, or when ctx ends. What fails is in the log, and the kiosk goes on without it.
func (k *kiosk) introduce(ctx context.Context, out io.Writer) {
	contacts := k.person.Contacts
	if _, err := find(contacts, k.invite); !errors.Is(err, errNobody) {
		k.log.Printf("-invite: %q is a contact already; nothing is printed", k.invite)
		k.forgetInvitation()
		return
	}
	inv, err := k.invitation(time.Now())
	if err != nil {
		k.log.Printf("-invite: %v", err)
		return
	}
	fmt.Fprintln(out, inv.URI())
	k.log.Printf("printed an invitation for %q, good until %s", k.invite, inv.Expires.Format(time.DateTime))
	ctx, cancel := context.WithDeadline(ctx, inv.Expires)
	defer cancel()
	var guest e2ee.ID // who used it; zero: nobody yet
	for {
		changed := contacts.Changed() // before looking, or a change in between goes unseen
		for _, c := range contacts.Requests() {
			switch {
			case guest.IsZero() && c.Name == inv.label:
				guest = c.ID
				if !k.confirm(ctx, c) {
					return
				}
			case c.ID == guest && c.State == e2ee.Confirmed: // the confirmation was lost
				k.tell(ctx, c, "")
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// invitation is the one of an earlier start, if it may still be used, or a new one: a kiosk that is started again and again
// would fill the store with them.
func (k *kiosk) invitation(now time.Time) (ownInvitation, error) {
	contacts := k.person.Contacts
	b, err := keystore.ReadFile(k.invitationFile())
	if err == nil {
		uri, label, _ := strings.Cut(strings.TrimSpace(string(b)), "\n")
		inv, err := e2ee.ParseInvitation(uri)
		if err == nil && label != "" && inv.From == contacts.Identity() && now.Add(e2ee.MinInvitationTTL).Before(inv.Expires) {
			return ownInvitation{inv, label}, nil
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return ownInvitation{}, err // we could not write it either
	}
	label := "used -invite " + rand.Text()
	inv, err := contacts.Invite(invitationTTL, label)
	if err != nil {
		return ownInvitation{}, err
	}
	if err := keystore.ReplaceFile(k.invitationFile(), []byte(inv.URI()+"\n"+label+"\n")); err != nil {
		k.log.Printf("-invite: the next start will make another invitation: %v", err)
	}
	return ownInvitation{inv, label}, nil
}

// invitationFile holds the invitation until it was used. Only the kiosk's user may read it.
func (k *kiosk) invitationFile() string { return k.Identity + ".invitation" }

func (k *kiosk) forgetInvitation() {
	if err := os.Remove(k.invitationFile()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		k.log.Printf("-invite: %v", err)
	}
}

// confirm takes a guest as the contact of -invite and tells them, unless there is one by now.
func (k *kiosk) confirm(ctx context.Context, guest e2ee.Contact) bool {
	k.forgetInvitation()
	if _, err := find(k.person.Contacts, k.invite); !errors.Is(err, errNobody) {
		k.log.Printf("%v used the invitation, but there is a contact %q by now: contact list", guest.ID, k.invite)
		return false
	}
	k.tell(ctx, guest, k.invite)
	return true
}

// tell confirms a guest under a label, or a contact that asks again under its own (""), and sends them the letter.
func (k *kiosk) tell(ctx context.Context, guest e2ee.Contact, label string) {
	letter, err := k.person.Contacts.Confirm(guest.ID, label)
	if err == nil {
		ctx, cancel := context.WithTimeout(ctx, takeHold)
		defer cancel()
		err = k.person.Client.Deliver(ctx, letter)
	}
	if err != nil {
		k.log.Printf("%q, %v, used the invitation, but the confirmation did not reach them: %v", k.invite, guest.ID, err)
		return
	}
	k.log.Printf("%q, %v, used the invitation and is a contact now, not verified yet", k.invite, guest.ID)
}
