package call

import (
	"context"
	"errors"
	"time"

	"github.com/sotto-calls/sotto/internal/queue"
	"github.com/sotto-calls/sotto/signal"
)

// A courier takes packets to a relay, in order, on a goroutine of its own, and tries again while the relay is away.
type courier struct {
	transport signal.Transport
	pending   *queue.Queue[errand]
	done      chan struct{}
}

// An errand is one packet; stored, if it is set, hears that the relay has it, or that it never will.
type errand struct {
	packet signal.Packet
	stored func(error)
}

// pauses between two tries of one packet.
const (
	firstPause = 200 * time.Millisecond
	lastPause  = 3 * time.Second
)

// newCourier starts; it ends when ctx does, or when everything before finish was sent.
func newCourier(ctx context.Context, t signal.Transport) *courier {
	c := &courier{transport: t, pending: queue.New[errand](), done: make(chan struct{})}
	go c.run(ctx)
	return c
}

func (c *courier) send(p signal.Packet, stored func(error)) { c.pending.Put(errand{p, stored}) }

// finish lets the courier end after what it has been given.
func (c *courier) finish() { c.pending.End() }

func (c *courier) run(ctx context.Context) {
	defer close(c.done)
	for {
		e, err := c.pending.Get(ctx)
		if err != nil {
			return
		}
		err = c.deliver(ctx, e.packet)
		if e.stored != nil {
			e.stored(err)
		}
	}
}

func (c *courier) deliver(ctx context.Context, p signal.Packet) error {
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		err := c.transport.Send(ctx, p)
		if !errors.Is(err, signal.ErrUnavailable) && !errors.Is(err, signal.ErrThrottled) || ctx.Err() != nil {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
