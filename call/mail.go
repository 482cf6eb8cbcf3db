package call

import (
	"context"
	"fmt"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/signal"
)

// maxUnread is how many letters of one call may wait for its loop; then the mailbox is not read until it catches up.
const maxUnread = 64

// A line is our mailbox of one call: what comes is opened and posted, what goes leaves by its courier.
type line struct {
	box       *e2ee.Mailbox
	transport signal.Transport
	courier   *courier
	done      chan struct{} // nothing is read any more
}

// openLine opens the mailbox at a relay and lets its one token in.
func openLine(ctx context.Context, o signal.Opener, relay string, box *e2ee.Mailbox) (signal.Transport, error) {
	t, err := o.Open(ctx, relay, box)
	if err != nil {
		return nil, fmt.Errorf("call: opening a mailbox for the call: %w", err)
	}
	r, ok := t.(signal.Registrar)
	if !ok {
		t.Close()
		return nil, fmt.Errorf("%w: the transport cannot register tokens (signal.Registrar)", ErrConfig)
	}
	if err := r.Admit(ctx, [][32]byte{box.Token().Hash()}, false); err != nil {
		t.Close()
		return nil, fmt.Errorf("call: opening a mailbox for the call: %w", err)
	}
	return t, nil
}

// newLine reads and serves the mailbox for the call until ctx ends or the transport is closed.
func newLine(ctx context.Context, l *loop, box *e2ee.Mailbox, t signal.Transport, me e2ee.ID) *line {
	c := l.call
	n := &line{box: box, transport: t, courier: newCourier(ctx, t, l.drop), done: make(chan struct{})}
	unread := make(chan struct{}, maxUnread)
	id := c.ID()
	go func() {
		defer close(n.done)
		for {
			p, err := t.Receive(ctx)
			if err != nil {
				return
			}
			m, h, err := box.Open(p.Body, me)
			if err != nil || m.From != c.peer || m.Call != id {
				c.change(func(v *view) { v.dropped++ })
				continue
			}
			select {
			case unread <- struct{}{}:
			case <-ctx.Done():
				return
			}
			c.post(task(func(now *loop) {
				<-unread
				if now == l {
					l.read(letter{m, h})
				}
			}))
		}
	}()
	return n
}

// An outbound is the caller's way to the callee's identity mailbox: a connection of its own, so that the relay does not
// see on one connection whom an Invite is for and which mailbox awaits the answer.
type outbound struct {
	to        e2ee.Box
	transport signal.Transport
	courier   *courier
}

// packet is an envelope on its way.
func packet(to e2ee.Box, box []byte) signal.Packet {
	return signal.Packet{To: to.Address(), Token: signal.Token(to.Token), Body: box}
}
