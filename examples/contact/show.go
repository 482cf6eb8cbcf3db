package main

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/sotto-calls/sotto/e2ee"
)

func (p *program) show(args []string, card bool) error {
	if len(args) > 1 {
		return fmt.Errorf("want one contact at most, got %d arguments", len(args))
	}
	return p.with(func(id *e2ee.Identity, contacts *e2ee.Contacts) error {
		if len(args) == 0 {
			profile := contacts.Profile()
			fmt.Fprintf(p.err, "name %q, relays %s\n", profile.Name, or(strings.Join(profile.Relays, " "), "none"))
			fmt.Fprintln(p.out, e2ee.FormatID(id.Public()))
			return nil
		}
		c, err := contacts.Find(args[0])
		if err != nil {
			return err
		}
		fmt.Fprintf(p.out, "name      %s\nclaims    %s\nstate     %s\nsince     %s\nverified  %s\nnotes     %s\nrelays    %s\ncontact   %s\nsafety    %s\n",
			c.Name, c.Claimed, c.State, day(c.KnownSince), day(c.Verified), or(notes(contacts, c), "none"), strings.Join(c.Relays, " "), e2ee.FormatID(c.ID),
			strings.ReplaceAll(e2ee.FormatSafetyNumber(e2ee.SafetyNumber(id.Public(), c.ID)), "\n", "\n          "))
		if !card {
			return nil
		}
		own, err := contacts.CardFor(c.ID)
		if err != nil {
			return err
		}
		fmt.Fprintln(p.err, "Our URI for this contact alone: a secret of the two of you.")
		fmt.Fprintln(p.out, own.URI())
		return nil
	})
}

func day(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.Format(time.DateOnly)
}

func notes(contacts *e2ee.Contacts, c e2ee.Contact) string {
	var out []string
	if !c.Revoked.IsZero() {
		out = append(out, "revoked by its owner on "+day(c.Revoked))
	} else if c.Blocked {
		out = append(out, "blocked")
	}
	same, alike := contacts.Resembling(c.ID, c.Name)
	for range same {
		out = append(out, "KEY CHANGED? another contact has this name")
	}
	for _, o := range alike {
		out = append(out, fmt.Sprintf("looks like %q", o.Name))
	}
	if c.Token.IsZero() {
		out = append(out, "we cannot write to it")
	}
	return strings.Join(out, "; ")
}

func (p *program) list() error {
	return p.with(func(_ *e2ee.Identity, contacts *e2ee.Contacts) error {
		w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "NAME\tSTATE\tSINCE\tVERIFIED\tKEY\tNOTES")
		asking := slices.DeleteFunc(contacts.Requests(), func(c e2ee.Contact) bool { return c.State != e2ee.Pending })
		for _, c := range append(contacts.All(), asking...) {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%v\t%s\n", c.Name, c.State, day(c.KnownSince), day(c.Verified), c.ID, notes(contacts, c))
		}
		for _, n := range contacts.Notices() {
			who := n.From.String()
			if c, ok := contacts.Lookup(n.From); ok {
				who = c.Name
			}
			fmt.Fprintf(w, "%s\tmissed call\t%s\t\t\t\n", who, n.Time.Format(time.DateTime))
		}
		return w.Flush()
	})
}
