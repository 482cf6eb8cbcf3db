package websocket

import (
	"context"
	"math/rand/v2"
	"time"
)

// backoff is the wait between attempts to connect: a random time between nothing and a limit that doubles ("full jitter"),
// so that the clients of a relay that restarted do not come back all at once.
type backoff struct {
	first time.Duration // limit before the second attempt
	limit time.Duration // of all
	tries int
}

// next returns how long to wait now. draw is a number in [0, 1).
func (b *backoff) next(draw float64) time.Duration {
	bound := b.first << min(b.tries, 30)
	if bound > b.limit || bound <= 0 {
		bound = b.limit
	}
	b.tries++
	return time.Duration(draw * float64(bound))
}

// reset begins anew, after a connection that held.
func (b *backoff) reset() { b.tries = 0 }

// wait sleeps for the next time, or until ctx ends.
func (b *backoff) wait(ctx context.Context) {
	t := time.NewTimer(b.next(rand.Float64()))
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
