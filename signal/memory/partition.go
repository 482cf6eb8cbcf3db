package memory

import (
	"context"
	"fmt"

	"github.com/sotto-calls/sotto/signal"
)

// Partition cuts the transport off from its relay: Send and Admit wait, and Receive gets nothing, until Heal. What the
// relay holds meanwhile arrives afterwards, if its time is not over.
func (t *Transport) Partition() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.cut == nil {
		t.cut = make(chan struct{})
	}
}

// Heal ends a partition.
func (t *Transport) Heal() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.cut != nil {
		close(t.cut)
		t.cut = nil
	}
}

// connected returns nil when the transport can reach its relay; it waits for the end of a partition.
func (t *Transport) connected(ctx context.Context) error {
	for {
		t.mu.Lock()
		cut, done := t.cut, t.done
		t.mu.Unlock()
		switch {
		case done:
			return signal.ErrClosed
		case t.rejected:
			return signal.ErrRejected
		case ctx.Err() != nil && cut != nil:
			return fmt.Errorf("%w: %w", signal.ErrUnavailable, ctx.Err())
		case ctx.Err() != nil:
			return ctx.Err()
		case cut == nil:
			return nil
		}
		select {
		case <-cut:
		case <-t.closed:
		case <-ctx.Done():
		}
	}
}
