package main

import (
	"context"
	"fmt"
	"os"
	ossignal "os/signal"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/websocket"
)

// patience is how long one contact's relays may take.
const patience = 10 * time.Second

// tell sends our revocation to all contacts that we can write to. We are online at our relay as long as that takes, and nobody
// can ring.
func (p *program) tell(id *e2ee.Identity, contacts *e2ee.Contacts, statement []byte, relay string) error {
	ctx, stop := ossignal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	letters, err := contacts.Revocations(statement)
	if err != nil {
		return err
	}
	transport, err := websocket.Dial(ctx, relay, id.Mailbox())
	if err != nil {
		return err
	}
	client, err := call.NewClient(call.Config{Identity: id, Contacts: contacts, Transports: []signal.Transport{transport},
		Admit: func(context.Context, call.Caller) call.Decision { return call.Ignore }})
	if err != nil {
		transport.Close()
		return err
	}
	defer client.Close()

	sent := 0
	for _, l := range letters {
		if err := deliver(ctx, client, l); err != nil {
			fmt.Fprintf(p.err, "%s has not been told: %v\n", whose(contacts, l), err)
			continue
		}
		sent++
	}
	fmt.Fprintf(p.err, "Sent to %d of %d contacts. A relay keeps it for a minute: whose program does not run now needs the text.\n",
		sent, len(contacts.All()))
	return ctx.Err()
}

func deliver(ctx context.Context, client *call.Client, l e2ee.Letter) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return client.Deliver(ctx, l)
}

// whose is the label of the contact that a letter is for.
func whose(contacts *e2ee.Contacts, l e2ee.Letter) string {
	for _, c := range contacts.All() {
		if c.ID.Address() == l.To.Address() {
			return fmt.Sprintf("%q", c.Name)
		}
	}
	return "Somebody who waits to be confirmed"
}
