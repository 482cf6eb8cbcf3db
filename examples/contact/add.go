package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/sotto-calls/sotto/e2ee"
)

// add does with a text whatever it is for.
func (p *program) add(args []string, label string) error {
	text, err := one(args, "a text, or - for stdin")
	if err != nil {
		return err
	}
	if text == "-" {
		b, err := io.ReadAll(io.LimitReader(p.in, 64<<10))
		if err != nil {
			return err
		}
		text = strings.Join(strings.Fields(string(b)), "") // a text may have been broken into lines
	}
	return p.with(func(id *e2ee.Identity, contacts *e2ee.Contacts) error {
		switch {
		case e2ee.IsInvitation(text):
			return p.addInvitation(contacts, text, label)
		case e2ee.IsLetter(text):
			return p.addLetter(id, contacts, text, label)
		case e2ee.IsRevocation(text):
			return p.addRevocation(contacts, text)
		}
		return p.addCard(contacts, text, label)
	})
}

// warn shows contacts of the same name, or of one that looks like it.
func (p *program) warn(contacts *e2ee.Contacts, id e2ee.ID, name string) {
	same, alike := contacts.Resembling(id, name)
	for _, c := range same {
		fmt.Fprintf(p.err, "WARNING: KEY CHANGED? You have another contact of this name, with another key: %q, %v.\n"+
			"         It stays as it is. Ask by another way whether the new key is theirs.\n", c.Name, c.ID)
	}
	for _, c := range alike {
		fmt.Fprintf(p.err, "WARNING: this name is easily taken for another contact's: %q, %v.\n", c.Name, c.ID)
	}
}

func (p *program) addInvitation(contacts *e2ee.Contacts, text, label string) error {
	inv, err := e2ee.ParseInvitation(text)
	if err != nil {
		return err
	}
	p.warn(contacts, inv.From, or(label, inv.Name))
	ok, err := p.agree(fmt.Sprintf("Become a contact of %v, who goes by %q?", inv.From, inv.Name))
	if err != nil || !ok {
		return err
	}
	letter, err := contacts.Use(inv, label)
	if err != nil {
		return err
	}
	fmt.Fprintln(p.err, "They may ring you now. Hand this reply back to them (contact add TEXT): nobody else can read it.")
	fmt.Fprintln(p.out, letter.Text())
	return nil
}

func (p *program) addLetter(id *e2ee.Identity, contacts *e2ee.Contacts, text, label string) error {
	c, err := contacts.ReceiveText(text)
	if err != nil {
		return err
	}
	if c.State != e2ee.Pending {
		fmt.Fprintf(p.err, "%q has confirmed: you are contacts. Compare safety numbers: contact verify %q\n", c.Name, c.Name)
		return nil
	}
	name := or(label, c.Name)
	fmt.Fprintf(p.err, "Somebody who goes by %q used your invitation. You would call them %q.\n", c.Claimed, name)
	p.warn(contacts, c.ID, name)
	ok, err := p.agree(fmt.Sprintf("Take %v as a contact?", c.ID))
	if err != nil {
		return err // it waits: contact list shows it
	}
	if !ok {
		return contacts.Refuse(c.ID)
	}
	letter, err := contacts.Confirm(c.ID, label)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.err, "%q is a contact. Their safety number with you:\n%s\nHand them this confirmation (contact add TEXT):\n",
		name, e2ee.FormatSafetyNumber(e2ee.SafetyNumber(id.Public(), c.ID)))
	fmt.Fprintln(p.out, letter.Text())
	return nil
}

func (p *program) addRevocation(contacts *e2ee.Contacts, text string) error {
	rev, statement, err := e2ee.ParseRevocationText(text)
	if err != nil {
		return err
	}
	c, err := contacts.ReceiveRevocation(statement)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.err, "The owner of %q says that this key is not to be trusted any more. It may not ring.\n", c.Name)
	if rev.ReplacedBy.IsZero() {
		return nil
	}
	fmt.Fprintf(p.err, "It names another in its place: %v. A thief of the key could do that too: ask them.\n", rev.ReplacedBy)
	ok, err := p.agree("Take the other one as the contact, not verified?")
	if err != nil || !ok {
		return err
	}
	_, err = contacts.AcceptReplacement(c.ID)
	return err
}

func (p *program) addCard(contacts *e2ee.Contacts, text, label string) error {
	card, err := e2ee.ParseCard(text)
	if err != nil {
		return err
	}
	p.warn(contacts, card.ID, or(label, card.Name))
	ok, err := p.agree(fmt.Sprintf("Let %v, said to be %q, ring you?", card.ID, or(card.Name, label)))
	if err != nil || !ok {
		return err
	}
	c, err := contacts.Add(card, label)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.err, "%q is a contact.\n", c.Name)
	return nil
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
