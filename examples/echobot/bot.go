package main

import (
	"context"
	"io"
	"log"

	"github.com/sotto-calls/sotto/examples/internal/guests"
	"github.com/sotto-calls/sotto/examples/internal/person"
)

// A bot answers everybody whom its client lets ring: its contacts.
type bot struct {
	options
	person      *person.Person
	invitations io.Writer
	log         *log.Logger
}

// run answers until ctx ends, and then hangs up and completes the recordings.
func (b *bot) run(ctx context.Context) error {
	host := &guests.Host{Person: b.person, Invitations: b.invitations, Log: b.log, TTL: b.ttl}
	return (&guests.Bot{Client: b.person.Client, Host: host, Log: b.log, Answer: b.answer}).Run(ctx)
}
