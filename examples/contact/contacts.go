package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/sotto-calls/sotto/e2ee"
)

func (p *program) invite(ttl time.Duration, label string) error {
	return p.with(func(_ *e2ee.Identity, contacts *e2ee.Contacts) error {
		inv, err := contacts.Invite(ttl, label)
		if err != nil {
			return err
		}
		fmt.Fprintf(p.err, "Hand this to one person, in private: whoever uses it first becomes the contact. It is good until %s.\n"+
			"What comes back goes into: contact add TEXT\n", inv.Expires.Format(time.DateTime))
		fmt.Fprintln(p.out, inv.URI())
		return nil
	})
}

func (p *program) verify(args []string, forget bool) error {
	what, err := one(args, "a contact")
	if err != nil {
		return err
	}
	return p.with(func(id *e2ee.Identity, contacts *e2ee.Contacts) error {
		c, err := contacts.Find(what)
		if err != nil {
			return err
		}
		if forget {
			return contacts.Unverify(c.ID)
		}
		p.warn(contacts, c.ID, c.Name)
		fmt.Fprintf(p.out, "%s\n", e2ee.FormatSafetyNumber(e2ee.SafetyNumber(id.Public(), c.ID)))
		ok, err := p.agree(fmt.Sprintf("Does %q see the same digits, in person or by another way than this?", c.Name))
		if err != nil || !ok {
			return errors.Join(err, errors.New("not verified"))
		}
		if err := contacts.Verify(c.ID); err != nil {
			return err
		}
		fmt.Fprintf(p.err, "%q is verified.\n", c.Name)
		return nil
	})
}

func (p *program) revoke(args []string, undo bool) error {
	what, err := one(args, "a contact, or -self")
	if err != nil {
		return err
	}
	return p.with(func(_ *e2ee.Identity, contacts *e2ee.Contacts) error {
		c, err := contacts.Find(what)
		if err != nil {
			return err
		}
		if undo {
			if err := contacts.Block(c.ID, false); err != nil {
				return err
			}
			fmt.Fprintf(p.err, "%q may ring again, and needs a way to write: contact show -card, or a new invitation.\n", c.Name)
			return nil
		}
		if c.State == e2ee.Pending {
			return contacts.Refuse(c.ID)
		}
		if err := contacts.RevokeToken(c.ID); err != nil {
			return err
		}
		fmt.Fprintf(p.err, "%q may neither write nor ring any more.\n", c.Name)
		return contacts.Block(c.ID, true)
	})
}
