package main

import (
	"context"
	"fmt"
	"net"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/websocket"
)

// A relay listens on loopback.
type relay struct {
	*websocket.Relay
	url string
}

func startRelay() (*relay, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("a relay needs a port on loopback: %w", err)
	}
	url := "ws://" + l.Addr().String()
	r, err := websocket.NewRelay(websocket.RelayConfig{Origins: []string{url}})
	if err != nil {
		l.Close()
		return nil, err
	}
	go r.Serve(l, nil)
	return &relay{r, url}, nil
}

// A person has an identity, contacts, and a client.
type person struct {
	name     string
	identity *e2ee.Identity
	contacts *e2ee.Contacts
	client   *call.Client
}

func newPerson(ctx context.Context, name, relayURL string) (*person, error) {
	id := e2ee.Generate() // a program that runs more than once keeps it: Identity.Save, e2ee.LoadIdentity
	contacts, err := e2ee.OpenContacts("", id)
	if err != nil {
		return nil, err
	}
	if err := contacts.SetProfile(e2ee.Profile{Name: name, Relays: []string{relayURL}}); err != nil {
		return nil, err
	}
	transport, err := websocket.Dial(ctx, relayURL, id.Mailbox())
	if err != nil {
		return nil, fmt.Errorf("%s does not reach the relay: %w", name, err)
	}
	config := call.Config{
		Identity:   id,
		Contacts:   contacts,
		Transports: []signal.Transport{transport},
		Admit:      call.ContactsOnly(contacts, call.Limits{}),
	}
	config.Media.Loopback = true // both are on this machine
	client, err := call.NewClient(config)
	if err != nil {
		transport.Close()
		return nil, err
	}
	return &person{name, id, contacts, client}, nil
}

func (p *person) close() {
	p.client.Close()
	p.identity.Destroy()
}

// introduce makes contacts of two people who can hand each other a card. People far apart use an invitation: see
// examples/contact.
func introduce(a, b *person) error {
	for _, who := range []struct{ gets, gives *person }{{a, b}, {b, a}} {
		if _, err := who.gives.contacts.Add(who.gets.contacts.Card(), ""); err != nil {
			return err
		}
		card, err := who.gives.contacts.CardFor(who.gets.identity.Public())
		if err != nil {
			return err
		}
		if _, err := who.gets.contacts.Add(card, ""); err != nil {
			return err
		}
	}
	return nil
}
