package call

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/sotto-calls/sotto/internal/queue"
	"github.com/sotto-calls/sotto/signal"
)

// A courier takes packets to a relay, in order, on a goroutine of its own, and tries again while the relay is away.
type courier struct {
	transport signal.Transport
	pending   *queue.Queue[errand]
	leaveOut  func() // hears of each spare packet that is left out
	hurry     func() // once: closes hurried
	hurried   chan struct{}
	done      chan struct{}
}

// An errand is one packet; stored, if it is set, hears that the relay has it, or that it never will.
type errand struct {
	packet signal.Packet
	stored func(error)
	spare  bool // may be left out
}

// maxPending is how many packets may wait before spare ones are left out: the other side decides how many we make, and
// the relay how many it takes.
const maxPending = 64

// fewPending is how many packets may wait for a spare one to get its first try although the call ends: the Ringing of a
// device that is closed tells the caller that others ring on.
const fewPending = 8

// pauses between two tries of one packet.
const (
	firstPause = 200 * time.Millisecond
	lastPause  = 3 * time.Second
)

// newCourier starts; it ends when ctx does, or when everything before finish was sent. leaveOut hears of each spare packet
// that is left out, on any goroutine.
func newCourier(ctx context.Context, t signal.Transport, leaveOut func()) *courier {
	c := &courier{transport: t, pending: queue.New[errand](), leaveOut: leaveOut, hurried: make(chan struct{}),
		done: make(chan struct{})}
	c.hurry = sync.OnceFunc(func() { close(c.hurried) })
	go c.run(ctx)
	return c
}

// send takes a packet that must go.
func (c *courier) send(p signal.Packet, stored func(error)) {
	c.pending.Put(errand{packet: p, stored: stored})
}

// sendSpare takes a packet that will be sent again, or asked for again, if it is lost.
func (c *courier) sendSpare(p signal.Packet) {
	if c.pending.Len() >= maxPending || c.hurries() {
		c.leaveOut()
		return
	}
	c.pending.Put(errand{packet: p, spare: true})
}

// last takes the packet that ends the call: it waits for none that may be left out.
func (c *courier) last(p signal.Packet) {
	c.hurry()
	c.send(p, nil)
}

// finish lets the courier end after what it has been given and must go.
func (c *courier) finish() {
	c.hurry()
	c.pending.End()
}

func (c *courier) hurries() bool {
	select {
	case <-c.hurried:
		return true
	default:
		return false
	}
}

func (c *courier) run(ctx context.Context) {
	defer close(c.done)
	for {
		e, err := c.pending.Get(ctx)
		if err != nil {
			return
		}
		err = c.deliver(ctx, e)
		if e.stored != nil {
			e.stored(err)
		}
	}
}

func (c *courier) deliver(ctx context.Context, e errand) error {
	var hurried <-chan struct{} // never, for what must go
	if e.spare {
		hurried = c.hurried
	}
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		if e.spare && c.hurries() && (pause > firstPause || c.pending.Len() > fewPending) {
			c.leaveOut()
			return nil
		}
		err := c.transport.Send(ctx, e.packet)
		if !errors.Is(err, signal.ErrUnavailable) && !errors.Is(err, signal.ErrThrottled) || ctx.Err() != nil {
			return err
		}
		select {
		case <-time.After(pause):
		case <-hurried:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
