package call_test

import (
	"context"
	"fmt"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/signal/memory"
)

// once waits for a change of the contacts that makes it so.
func once(contacts *e2ee.Contacts, so func() bool) {
	for {
		changed := contacts.Changed()
		if so() {
			return
		}
		<-changed
	}
}

// Two people who use different relays become contacts. The invitation goes by a way of their own, and the two letters by the
// relays: each to that of whom it is for, which the invitation and the letters name, if SetProfile has said it.
func ExampleClient_Deliver() {
	network := memory.New(memory.Faults{})
	defer network.Close()
	aliceContacts, aliceConfig := someone(network.Relay("relay-of-alice"), "Alice") // SetProfile is in there
	bobContacts, bobConfig := someone(network.Relay("relay-of-bob"), "Bob")
	alice, err := call.NewClient(aliceConfig)
	if err != nil {
		panic(err)
	}
	defer alice.Close()
	bob, err := call.NewClient(bobConfig)
	if err != nil {
		panic(err)
	}
	defer bob.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()

	// Alice invites one person, and hands the text over in private.
	invitation, err := aliceContacts.Invite(24*time.Hour, "Bob")
	if err != nil {
		panic(err)
	}
	text := invitation.URI()

	// Bob uses it.
	got, err := e2ee.ParseInvitation(text)
	if err != nil {
		panic(err)
	}
	request, err := bobContacts.Use(got, "Alice")
	if err != nil {
		panic(err)
	}
	if err := bob.Deliver(ctx, request); err != nil {
		panic(err)
	}

	// Alice is asked, and confirms.
	once(aliceContacts, func() bool { return len(aliceContacts.Requests()) > 0 })
	for _, who := range aliceContacts.Requests() {
		fmt.Println(who.Name, "asks Alice")
		yes, err := aliceContacts.Confirm(who.ID, "")
		if err != nil {
			panic(err)
		}
		if err := alice.Deliver(ctx, yes); err != nil {
			panic(err)
		}
	}
	once(bobContacts, func() bool {
		c, ok := bobContacts.Lookup(aliceContacts.Identity())
		return ok && c.State == e2ee.Confirmed
	})

	// Both compare the safety number, in person or by voice, and say so.
	a, b := aliceContacts.Identity(), bobContacts.Identity()
	fmt.Println("the same 60 digits:", e2ee.SafetyNumber(a, b) == e2ee.SafetyNumber(b, a))
	if err := aliceContacts.Verify(b); err != nil {
		panic(err)
	}
	c, _ := aliceContacts.Lookup(b)
	fmt.Println("Bob reads at", c.Relays[0]+"; verified:", !c.Verified.IsZero())
	// Output:
	// Bob asks Alice
	// the same 60 digits: true
	// Bob reads at relay-of-bob; verified: true
}
