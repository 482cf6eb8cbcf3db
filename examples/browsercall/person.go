package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/examples/internal/ask"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/websocket"
)

// rings is how often one contact may ring in 10 minutes. It disturbs nobody: people ring here to try something.
const rings = 60

// A person is the bot as others know it.
type person struct {
	identity *e2ee.Identity
	contacts *e2ee.Contacts
	client   *call.Client
}

// newPerson takes the identity of the state folder, or makes one, and connects it to the own relay.
func newPerson(ctx context.Context, o options, s *server) (_ *person, err error) {
	p := &person{}
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	contacts := ""
	if o.state != "" {
		contacts = filepath.Join(o.state, "identity.contacts")
	}
	if p.identity, err = identity(o); err != nil {
		return nil, err
	}
	if p.contacts, err = e2ee.OpenContacts(contacts, p.identity); err != nil {
		return nil, err
	}
	if err := p.contacts.SetProfile(e2ee.Profile{Name: o.name, Relays: []string{s.place.relay()}}); err != nil {
		return nil, err
	}
	transport, err := websocket.Dial(ctx, s.place.relay(), p.identity.Mailbox(), s.dialer())
	if err != nil {
		return nil, err
	}
	p.client, err = call.NewClient(call.Config{
		Identity: p.identity, Contacts: p.contacts, Transports: []signal.Transport{transport}, Name: o.name,
		Admit: call.ContactsOnly(p.contacts, call.Limits{Rings: rings}), MaxCalls: o.maxCalls, RingFor: o.ringFor,
		Media: settings(s.place), NoRelayServers: true, // ours is on this machine: pages use it, and it leads nowhere else
	})
	if err != nil {
		transport.Close()
		return nil, err
	}
	return p, nil
}

// settings let a browser on this machine, or in this network, find us. A browser has no candidate on loopback, so with
// Loopback alone it would be out of reach: LAN adds the machine's other addresses.
func settings(p place) media.Settings {
	return media.Settings{LAN: true, Loopback: p.loopback()}
}

// identity loads the one of the state folder, or makes it; without a folder it is of this run.
func identity(o options) (*e2ee.Identity, error) {
	if o.state == "" {
		return e2ee.Generate(), nil
	}
	file := filepath.Join(o.state, "identity")
	tty, _ := ask.OpenTerminal() // nil: there is nobody to ask
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		return firstIdentity(file, o.passphraseFile, tty)
	}
	passphrase, err := ask.Passphrase(tty, o.passphraseFile, "Passphrase of "+file+": ")
	if err != nil {
		return nil, err
	}
	defer clear(passphrase)
	return e2ee.LoadIdentity(file, passphrase)
}

func firstIdentity(file, passphraseFile string, tty *ask.Terminal) (*e2ee.Identity, error) {
	passphrase, err := ask.FirstPassphrase(tty, passphraseFile)
	if err != nil {
		return nil, fmt.Errorf("the identity in -state is kept under a passphrase: %w", err)
	}
	defer clear(passphrase)
	id := e2ee.Generate()
	if err := id.Save(file, passphrase); err != nil {
		id.Destroy()
		return nil, err
	}
	return id, nil
}

// close ends all calls at once and forgets the keys. The files stay.
func (p *person) close() {
	if p.client != nil {
		p.client.Close()
	}
	if p.contacts != nil {
		p.contacts.Destroy()
	}
	if p.identity != nil {
		p.identity.Destroy()
	}
}

// safetyNumber is what the other side's page shows too.
func (p *person) safetyNumber(id e2ee.ID) string {
	return e2ee.FormatSafetyNumber(e2ee.SafetyNumber(p.identity.Public(), id))
}
