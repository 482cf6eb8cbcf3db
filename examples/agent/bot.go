package main

import (
	"context"
	"log"
	"sync"

	"github.com/sotto-calls/sotto/examples/internal/guests"
	"github.com/sotto-calls/sotto/examples/internal/person"
)

// A bot answers everybody whom its client lets ring: its contacts.
type bot struct {
	person  *person.Person
	host    *guests.Host // nil: nobody is invited
	mind    mind
	turn    turnConfig
	journal *journal // nil: none
	log     *log.Logger
}

// run answers until ctx ends, and then hangs up. Each call has goroutines of its own.
func (b *bot) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var work sync.WaitGroup
	defer work.Wait()
	defer cancel()
	failed := make(chan error, 1)
	if b.host != nil {
		work.Go(func() {
			if err := b.host.Run(ctx); err != nil {
				failed <- err
				cancel()
			}
		})
	}
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
