package main

import (
	"context"
	"io"
	"log"
	"sync"

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
	ctx, cancel := context.WithCancel(ctx)
	var work sync.WaitGroup
	defer work.Wait()
	defer cancel()
	failed := make(chan error, 1)
	work.Go(func() {
		host := guests.Host{Person: b.person, Invitations: b.invitations, Log: b.log, TTL: b.ttl}
		if err := host.Run(ctx); err != nil {
			failed <- err
			cancel()
		}
	})
	for in := range b.person.Client.Incoming(ctx) {
		work.Go(func() {
			if err := b.answer(ctx, in); err != nil {
				b.log.Printf("a call was not answered: %v", err)
			}
		})
	}
	cancel()
	work.Wait()
	select {
	case err := <-failed:
		return err
	default:
		b.log.Print("offline")
		return nil
	}
}
