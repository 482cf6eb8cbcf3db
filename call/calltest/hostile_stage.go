package calltest

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/signaltest"
)

// A Stage is where attacks are tried: a relay that works as it should, on which a hostile one is built, and how clients
// are configured. Tests use one in memory (Net.Stage), examples/eavesdrop one of real sockets; give your own relay and
// configuration to try the attacks on them.
type Stage struct {
	// Relay is the relay's name or URL, as cards carry it.
	Relay string

	// Dial connects a mailbox to the relay. Required. The result must be a signal.Opener and Registrar.
	Dial func(ctx context.Context, m signal.Mailbox) (signal.Transport, error)

	// Configure has the last word on each client's configuration, by name: "alice", "bob", and "mallory" for what an
	// attacker runs. It sets at least Media, so that they reach each other. Nil changes nothing.
	Configure func(name string, c *call.Config)

	// Media is where all media of the clients pass, if it is tapped.
	Media *MediaTap
}

// A Person is somebody with a client whose relay is hostile.
type Person struct {
	Name     string
	Identity *e2ee.Identity
	Contacts *e2ee.Contacts
	Client   *call.Client
	Witness  *Witness
}

// A Cast is two people who know each other, Alice and Bob, and a hostile relay that carries everything between them.
type Cast struct {
	Alice, Bob *Person
	Evil       *signaltest.Hostile
	For        time.Duration // how long Talk lets them talk, at least

	stage Stage
	extra []*Person
	loses bool // packets of media are lost: Talk goes on until each side has got one of them again

	mu      sync.Mutex
	talking *Talk // the newest
}

// Cast makes two new people who have exchanged cards, with one token each, and their clients. Close it.
func (s Stage) Cast(ctx context.Context) (*Cast, error) {
	c := &Cast{Evil: signaltest.NewHostile(), stage: s}
	var err error
	if c.Alice, err = c.person("Alice"); err == nil {
		c.Bob, err = c.person("Bob")
	}
	if err == nil {
		err = introduceBoth(c.Alice, c.Bob)
	}
	if err == nil {
		err = c.start(ctx, c.Alice, "alice")
	}
	if err == nil {
		err = c.start(ctx, c.Bob, "bob")
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// Close ends both clients.
func (c *Cast) Close() {
	for _, p := range append([]*Person{c.Alice, c.Bob}, c.extra...) {
		if p != nil && p.Client != nil {
			p.Client.Close()
		}
		if p != nil {
			p.Identity.Destroy()
		}
	}
}

func (c *Cast) person(name string) (*Person, error) {
	id := e2ee.Generate()
	contacts, err := e2ee.OpenContacts("", id)
	if err != nil {
		return nil, err
	}
	p := &Person{Name: name, Identity: id, Contacts: contacts, Witness: NewWitness(id.Public())}
	return p, contacts.SetProfile(e2ee.Profile{Name: name, Relays: []string{c.stage.Relay}})
}

// start gives p a client, behind the hostile relay.
func (c *Cast) start(ctx context.Context, p *Person, role string) error {
	t, err := c.stage.Dial(ctx, p.Identity.Mailbox())
	if err != nil {
		return fmt.Errorf("calltest: %s does not reach the relay: %w", p.Name, err)
	}
	wrapped := p.Witness.behind(c.Evil, t, p.Identity)
	if err := wrapped.(signal.Registrar).Admit(ctx, p.Contacts.TokenHashes(), false); err != nil {
		wrapped.Close()
		return err
	}
	config := call.Config{Identity: p.Identity, Contacts: p.Contacts, Transports: []signal.Transport{wrapped}, Name: p.Name + NameMarker,
		Admit: call.ContactsOnly(p.Contacts, call.Limits{})}
	if c.stage.Configure != nil {
		c.stage.Configure(role, &config)
	}
	if p.Client, err = call.NewClient(config); err != nil {
		wrapped.Close()
	}
	return err
}

// NameMarker ends the names by which people of a Cast call themselves in an Invite.
const NameMarker = ", whose name is nobody's business"

// introduceBoth makes contacts of two people: each has a card of the other with a token for them alone.
func introduceBoth(a, b *Person) error {
	for _, p := range [][2]*Person{{a, b}, {b, a}} {
		if err := knows(p[0], p[1], p[1].Name); err != nil {
			return err
		}
	}
	return nil
}

// knows gives p the card of other, under a label.
func knows(p, other *Person, label string) error {
	if _, err := other.Contacts.Add(p.Contacts.Card(), ""); err != nil {
		return err
	}
	card, err := other.Contacts.CardFor(p.Identity.Public())
	if err != nil {
		return err
	}
	if _, err = p.Contacts.Add(card, label); err != nil {
		return err
	}
	return p.Contacts.Rename(card.ID, label)
}

// Contact is how p knows other.
func (p *Person) Contact(other e2ee.ID) e2ee.Contact {
	k, _ := p.Contacts.Lookup(other)
	return k
}
