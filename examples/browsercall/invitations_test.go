package main

import (
	"strings"
	"testing"

	"github.com/sotto-calls/sotto/e2ee"
)

// A name that is as long as names may be, and taken, gets a number and is still no longer. Mutation: label without cut, so that
// nobody of that name could ever be confirmed.
func TestLabelFits(t *testing.T) {
	id := e2ee.Generate()
	defer id.Destroy()
	contacts, err := e2ee.OpenContacts("", id)
	if err != nil {
		t.Fatal(err)
	}
	b := &bot{person: &person{contacts: contacts}}
	long := strings.Repeat("ä", e2ee.MaxName/2)
	for _, want := range []string{long, strings.Repeat("ä", e2ee.MaxName/2-2) + " (2)", strings.Repeat("ä", e2ee.MaxName/2-2) + " (3)"} {
		guest := e2ee.Contact{ID: e2ee.Generate().Public(), Name: long, State: e2ee.Pending}
		label := b.label(guest)
		if label != want {
			t.Errorf("%q, want %q", label, want)
		}
		if _, err := contacts.Add(e2ee.Card{ID: guest.ID}, label); err != nil {
			t.Error(err)
		}
	}
}
