package guests

import (
	"context"
	"log"
	"sync"

	"github.com/sotto-calls/sotto/call"
)

// A Bot answers everybody whom its client lets ring: its contacts. Each call has a goroutine of its own.
type Bot struct {
	Client *call.Client
	Host   *Host // nil: nobody is invited
	Log    *log.Logger
	Answer func(context.Context, *call.Incoming) error // one call, from its ringing to its end
}

// Run answers until ctx ends, or until the host fails; then it waits for the calls, whose contexts have ended.
func (b *Bot) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var work sync.WaitGroup
	var failed error // read when all work is done
	if b.Host != nil {
		work.Go(func() {
			defer cancel()
			failed = b.Host.Run(ctx)
		})
	}
	for in := range b.Client.Incoming(ctx) {
		work.Go(func() {
			if err := b.Answer(ctx, in); err != nil {
				b.Log.Printf("a call was not answered: %v", err)
			}
		})
	}
	cancel()
	work.Wait()
	if failed == nil {
		b.Log.Print("offline")
	}
	return failed
}
