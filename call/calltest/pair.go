package calltest

import (
	"log/slog"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/memory"
)

// A Side is one of two clients.
type Side struct {
	Client    *call.Client
	Identity  *e2ee.Identity
	Contacts  *e2ee.Contacts
	Peer      e2ee.Contact      // the other side, as this one knows it
	Transport *memory.Transport // where this side reads its mailbox: can be partitioned
	Config    call.Config       // that Client was made with
}

// Options change what New builds. The zero value is a network without delay, loss or faults.
type Options struct {
	OneWay    time.Duration                     // delay of the media path, and of the relay from sender to reader
	Loss      float64                           // of the media path, 0 to 1
	Faults    memory.Faults                     // of the relay
	World     *World                            // the network, in place of one with OneWay and Loss; nil: that one
	Logger    *slog.Logger                      // of both clients
	Configure func(name string, c *call.Config) // a last word on each side's configuration, by name: "alice", "bob"
}

// Pair is two clients, alice and bob, each the other's contact.
func Pair(t testing.TB) (alice, bob *Side) {
	t.Helper()
	n := New(t, Options{})
	return n.Alice, n.Bob
}

// A Net is two sides and what lies between them.
type Net struct {
	Alice, Bob *Side
	World      *World
	Signal     *memory.Network
	Relay      *memory.Relay
}

// relayName is where both have their mailboxes.
const relayName = "relay"

// New is Pair with options.
func New(t testing.TB, o Options) *Net {
	t.Helper()
	if o.Faults.Delay == 0 {
		o.Faults.Delay = o.OneWay
	}
	if o.World == nil {
		o.World = NewWorld(t, Link{OneWay: o.OneWay, Loss: o.Loss})
	}
	n := &Net{World: o.World, Signal: memory.New(o.Faults)}
	n.Relay = n.Signal.Relay(relayName)
	n.Alice, n.Bob = prepare(t, n, "alice"), prepare(t, n, "bob")
	introduce(t, n.Alice, n.Bob, "Bob")
	introduce(t, n.Bob, n.Alice, "Alice")
	n.Alice.start(t, n, "alice", "1.2.3.4", o)
	n.Bob.start(t, n, "bob", "1.2.3.5", o)
	t.Cleanup(func() {
		n.Alice.Client.Close()
		n.Bob.Client.Close()
		n.Signal.Close()
		n.World.sim.Close()
	})
	return n
}

func prepare(t testing.TB, n *Net, name string) *Side {
	id := e2ee.Generate()
	contacts, err := e2ee.OpenContacts("", id)
	if err != nil {
		t.Fatal(err)
	}
	if err := contacts.SetProfile(e2ee.Profile{Name: name, Relays: []string{relayName}}); err != nil {
		t.Fatal(err)
	}
	return &Side{Identity: id, Contacts: contacts}
}

// introduce makes other a contact of s, under label, with a token of each for the other.
func introduce(t testing.TB, s, other *Side, label string) {
	if _, err := other.Contacts.Add(s.Contacts.Card(), "someone"); err != nil {
		t.Fatal(err)
	}
	card, err := other.Contacts.CardFor(s.Identity.Public())
	if err != nil {
		t.Fatal(err)
	}
	if _, err = s.Contacts.Add(card, label); err != nil {
		t.Fatal(err)
	}
	if err := s.Contacts.Rename(other.Identity.Public(), label); err != nil {
		t.Fatal(err)
	}
	s.Peer, _ = s.Contacts.Lookup(other.Identity.Public())
}

func (s *Side) start(t testing.TB, n *Net, name, address string, o Options) {
	s.Transport = n.Relay.Dial(s.Identity.Mailbox())
	if err := s.Transport.Admit(t.Context(), s.Contacts.TokenHashes(), false); err != nil {
		t.Fatal(err)
	}
	s.Config = call.Config{Identity: s.Identity, Transports: []signal.Transport{s.Transport}, Contacts: s.Contacts,
		Admit: call.ContactsOnly(s.Contacts, call.Limits{}), Name: name, Logger: o.Logger}
	n.World.Join(&s.Config.Media, address)
	if o.Configure != nil {
		o.Configure(name, &s.Config)
	}
	var err error
	if s.Client, err = call.NewClient(s.Config); err != nil {
		t.Fatal(err)
	}
}
