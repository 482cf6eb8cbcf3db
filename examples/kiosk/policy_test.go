package main

import (
	"strings"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/e2ee"
)

func TestJudge(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	stranger := e2ee.Contact{}
	unverified := e2ee.Contact{Name: "alice", State: e2ee.Confirmed}
	verified := e2ee.Contact{Name: "alice", State: e2ee.Confirmed, Verified: now}
	blocked := e2ee.Contact{Name: "alice", State: e2ee.Confirmed, Verified: now, Blocked: true}
	revoked := e2ee.Contact{Name: "alice", State: e2ee.Confirmed, Verified: now, Blocked: true, Revoked: now}
	for _, c := range []struct {
		name          string
		who           e2ee.Contact
		known, listed bool
		line          line
		want          [2]verdict // with -others busy, bell
		why           string
	}{
		{"verified and listed", verified, true, true, lineFree, [2]verdict{verdictAnswer, verdictAnswer}, "verified"},
		{"verified, listed, but busy", verified, true, true, lineTaken, [2]verdict{verdictBusy, verdictBusy}, "one call"},
		{"verified, listed, while another rings", verified, true, true, lineBell, [2]verdict{verdictAnswer, verdictAnswer}, "verified"},
		{"listed, while another rings", unverified, true, true, lineBell, [2]verdict{verdictBusy, verdictBusy}, "bell already"},
		{"listed, not verified", unverified, true, true, lineFree, [2]verdict{verdictBusy, verdictBell}, "not verified"},
		{"verified, not listed", verified, true, false, lineFree, [2]verdict{verdictBusy, verdictBell}, "not on the list"},
		{"neither", unverified, true, false, lineFree, [2]verdict{verdictBusy, verdictBell}, "not on the list"},
		{"no contact any more", stranger, false, true, lineFree, [2]verdict{verdictBusy, verdictBusy}, "no contact"},
		{"blocked since it rang", blocked, true, true, lineFree, [2]verdict{verdictBusy, verdictBusy}, "blocked"},
		{"revoked since it rang", revoked, true, true, lineFree, [2]verdict{verdictBusy, verdictBusy}, "blocked"},
	} {
		for i, others := range []verdict{verdictBusy, verdictBell} {
			got, why := judge(c.who, c.known, c.listed, c.line, others)
			if got != c.want[i] || !strings.Contains(why, c.why) {
				t.Errorf("%s, others %d: %d, %q, want %d, %q", c.name, others, got, why, c.want[i], c.why)
			}
		}
	}
}

func TestResolve(t *testing.T) {
	id := e2ee.Generate()
	defer id.Destroy()
	contacts, err := e2ee.OpenContacts("", id)
	if err != nil {
		t.Fatal(err)
	}
	defer contacts.Destroy()
	for _, label := range []string{"alice", "bob", "bob"} { // two of one name: which?
		other := e2ee.Generate()
		theirs, err := e2ee.OpenContacts("", other)
		if err != nil {
			t.Fatal(err)
		}
		if err := theirs.SetProfile(e2ee.Profile{Name: label, Relays: []string{"wss://relay.example/v1"}}); err != nil {
			t.Fatal(err)
		}
		if _, err := contacts.Add(theirs.Card(), label); err != nil {
			t.Fatal(err)
		}
		theirs.Destroy()
		other.Destroy()
	}
	inv, err := contacts.Invite(time.Hour, "")
	if err != nil {
		t.Fatal(err)
	}
	guest := e2ee.Generate()
	defer guest.Destroy()
	theirs, err := e2ee.OpenContacts("", guest)
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Destroy()
	if err := theirs.SetProfile(e2ee.Profile{Name: "Alice", Relays: []string{"wss://relay.example/v1"}}); err != nil {
		t.Fatal(err)
	}
	letter, err := theirs.Use(inv, "kiosk") // asks to be a contact, under whatever name
	if err != nil {
		t.Fatal(err)
	}
	if _, err := contacts.ReceiveText(letter.Text()); err != nil {
		t.Fatal(err)
	}
	var refused []string
	found := resolve(contacts, []string{"bob", "ALICE", "carol"}, func(name string, err error) { refused = append(refused, name) })
	if len(found) != 1 || found[0].Name != "alice" || strings.Join(refused, " ") != "bob carol" {
		t.Errorf("found %d, refused %q", len(found), refused)
	}
	if byID := resolve(contacts, []string{e2ee.FormatID(found[0].ID)}, func(string, error) {}); len(byID) != 1 || byID[0].ID != found[0].ID {
		t.Errorf("by ID: %v", byID)
	}
	if why := unreachable(found[0]); !strings.Contains(why, "nothing lets us write") { // the card had no token
		t.Errorf("%q", why)
	}
}
