package main

import (
	"bufio"
	"context"
	"io"
	"os"
	"sync"
)

// A bot prints invitations, takes whoever uses one as a contact, and answers contacts.
type bot struct {
	options
	*teller
	*person
	page string

	invite chan struct{} // somebody wants another invitation
}

func newBot(ctx context.Context, o options, s *server, t *teller) (*bot, error) {
	if o.mode == modeRecord && o.out == "" {
		dir, err := os.MkdirTemp("", "sotto-recordings-")
		if err != nil {
			return nil, err
		}
		o.out = dir
	}
	p, err := newPerson(ctx, o, s)
	if err != nil {
		return nil, err
	}
	return &bot{options: o, teller: t, person: p, page: s.page(), invite: make(chan struct{})}, nil
}

// run answers until ctx ends, and then hangs up and completes the recordings.
func (b *bot) run(ctx context.Context, in io.Reader) error {
	ctx, cancel := context.WithCancel(ctx)
	var work sync.WaitGroup
	defer work.Wait()
	defer cancel()
	var failed error
	work.Go(func() {
		if failed = b.host(ctx); failed != nil {
			cancel()
		}
	})
	work.Go(func() { b.ringOut(ctx) })
	go b.listen(ctx, in) // not waited for: nothing ends a read of a terminal
	for rings := range b.client.Incoming(ctx) {
		work.Go(func() { b.answer(ctx, rings) })
	}
	cancel()
	work.Wait()
	return failed
}

// listen prints another invitation for each line.
func (b *bot) listen(ctx context.Context, in io.Reader) {
	for lines := bufio.NewScanner(in); lines.Scan(); {
		select {
		case b.invite <- struct{}{}:
		case <-ctx.Done():
			return
		}
	}
}
