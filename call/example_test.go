package call_test

import (
	"context"
	"fmt"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/synthetic"
	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/memory"
)

// someone is an identity that is reachable at a relay in memory, and knows the people whose cards it gets.
func someone(relay *memory.Relay, name string) (*e2ee.Contacts, call.Config) {
	id := e2ee.Generate()
	contacts, err := e2ee.OpenContacts("", id)
	if err != nil {
		panic(err)
	}
	if err := contacts.SetProfile(e2ee.Profile{Name: name, Relays: []string{relay.Name()}}); err != nil {
		panic(err)
	}
	config := call.Config{Identity: id, Contacts: contacts, Transports: []signal.Transport{relay.Dial(id.Mailbox())},
		Admit: call.ContactsOnly(contacts, call.Limits{})}
	config.Media.Loopback = true
	return contacts, config
}

// meet makes contacts of two people who can hand each other cards.
func meet(a, b *e2ee.Contacts) {
	for _, side := range [][2]*e2ee.Contacts{{a, b}, {b, a}} {
		gets, gives := side[0], side[1]
		if _, err := gives.Add(gets.Card(), ""); err != nil {
			panic(err)
		}
		card, err := gives.CardFor(gets.Identity())
		if err != nil {
			panic(err)
		}
		if _, err := gets.Add(card, ""); err != nil {
			panic(err)
		}
	}
}

func discard(media.TrackInfo) media.Sink { return nil }

// Alice rings Bob, whose program answers everybody who may ring; she sends him a clip and hangs up.
func Example() {
	network := memory.New(memory.Faults{})
	defer network.Close()
	relay := network.Relay("relay")
	aliceContacts, aliceConfig := someone(relay, "Alice")
	bobContacts, bobConfig := someone(relay, "Bob")
	meet(aliceContacts, bobContacts)

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
	go func() {
		for in := range bob.Incoming(ctx) {
			fmt.Println(in.Caller().Name, "rings")
			if _, err := in.Answer(ctx, call.Media{Receive: discard}); err != nil {
				panic(err)
			}
		}
	}()

	sound := synthetic.NewTone(synthetic.ToneOptions{})
	to, _ := aliceContacts.Lookup(bobContacts.Identity())
	c, err := alice.Dial(ctx, to, call.Media{Send: []media.Source{sound}, Receive: discard})
	if err != nil {
		panic(err)
	}
	for ev := range c.Events(ctx) {
		switch ev := ev.(type) {
		case call.Connected:
			emoji, ok := c.Emoji()
			fmt.Println("connected;", len(emoji), "emoji to compare:", ok)
			go c.Hangup(ctx, call.Left)
		case call.Ended:
			fmt.Println("ended:", ev.Reason)
		}
	}
	// Output:
	// Alice rings
	// connected; 7 emoji to compare: true
	// ended: left
}

// A program that answers only for people it knows by heart can decide in its own Admit.
func ExampleAdmitFunc() {
	admit := call.AdmitFunc(func(_ context.Context, c call.Caller) call.Decision {
		switch {
		case c.Blocked || !c.Contact():
			return call.Ignore // says nothing, not even that the Invite arrived
		case c.Verified.IsZero():
			return call.Refuse
		}
		return call.Ring
	})
	stranger := call.Caller{Claimed: "Alice"}
	fmt.Println(admit(context.Background(), stranger) == call.Ignore)
	// Output: true
}
