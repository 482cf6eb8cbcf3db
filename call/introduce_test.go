package call_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/call/calltest"
	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/signal"
)

// TestBecomingContacts: a single-use invitation, a request and a confirmation go by the relay, and then both can ring.
func TestBecomingContacts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := calltest.New(t, calltest.Options{OneWay: 10 * time.Millisecond})
		carolID, carol := stranger(t, n)

		inv, err := n.Bob.Contacts.Invite(time.Hour, "Carol")
		if err != nil {
			t.Fatal(err)
		}
		got, err := e2ee.ParseInvitation(inv.URI())
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second) // Bob's client tells the relay of the invitation's token
		ask, err := carolID.Use(got, "Bob")
		if err != nil {
			t.Fatal(err)
		}
		if err := carol.Deliver(t.Context(), ask); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		requests := n.Bob.Contacts.Requests()
		if len(requests) != 1 || requests[0].ID != carolID.Identity() {
			t.Fatalf("Bob's requests: %v", requests)
		}
		yes, err := n.Bob.Contacts.Confirm(requests[0].ID, "")
		if err != nil {
			t.Fatal(err)
		}
		if err := n.Bob.Client.Deliver(t.Context(), yes); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		bob, ok := carolID.Lookup(n.Bob.Identity.Public())
		if !ok || bob.State != e2ee.Confirmed {
			t.Fatalf("Carol's contact: %v, %v", bob, ok)
		}
		if _, err := carol.Dial(t.Context(), bob, call.Media{Receive: newTape().track}); err != nil {
			t.Fatal(err)
		}
		in, err := n.Bob.Client.Accept(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if in.Caller().Name != "Carol" {
			t.Errorf("Bob sees %+v", in.Caller())
		}
	})
}

// stranger is a client that knows nobody.
func stranger(t *testing.T, n *calltest.Net) (*e2ee.Contacts, *call.Client) {
	t.Helper()
	id := e2ee.Generate()
	contacts, err := e2ee.OpenContacts("", id)
	if err != nil {
		t.Fatal(err)
	}
	if err := contacts.SetProfile(e2ee.Profile{Name: "Carol", Relays: []string{n.Relay.Name()}}); err != nil {
		t.Fatal(err)
	}
	c := call.Config{Identity: id, Contacts: contacts, Transports: []signal.Transport{n.Relay.Dial(id.Mailbox())},
		Admit: call.ContactsOnly(contacts, call.Limits{})}
	n.World.Join(&c.Media, "1.2.3.6")
	client, err := call.NewClient(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return contacts, client
}

// TestMissedCallsAreToldLater: who was away finds a notice, when they come back within a week.
func TestMissedCallsAreToldLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := calltest.New(t, calltest.Options{OneWay: 10 * time.Millisecond})
		if err := n.Bob.Client.Close(); err != nil {
			t.Fatal(err)
		}
		rang := time.Now()
		c, err := n.Alice.Client.Dial(t.Context(), n.Alice.Peer, call.Media{Receive: newTape().track})
		if err != nil {
			t.Fatal(err)
		}
		until[call.Ended](t, c, "nobody is there")
		time.Sleep(48 * time.Hour)

		config := n.Bob.Config
		n.World.Join(&config.Media, "1.2.3.7")
		config.Transports = []signal.Transport{n.Relay.Dial(n.Bob.Identity.Mailbox())}
		back, err := call.NewClient(config)
		if err != nil {
			t.Fatal(err)
		}
		defer back.Close()
		time.Sleep(time.Second)
		notices := n.Bob.Contacts.Notices()
		if len(notices) != 1 || notices[0].From != n.Alice.Identity.Public() || notices[0].Time.Sub(rang).Abs() > time.Minute {
			t.Errorf("notices: %+v", notices)
		}
	})
}
