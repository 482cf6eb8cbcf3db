package call

import (
	"context"
	"fmt"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/signal"
)

// newLoop makes a call's loop without its mailbox.
func newLoop(c *Call, k *keys, m *machine) *loop {
	ctx, cancel := context.WithCancel(context.Background())
	l := &loop{call: c, client: c.client, ctx: ctx, cancel: cancel, machine: m, keys: k}
	l.worker = newWorker(ctx, l, k.certificate)
	l.worker.frames, l.worker.their, l.worker.number = k.frames, k.theirLeaf(), k.generation
	c.change(func(v *view) { v.frames = k.frames })
	return l
}

// dialling sets up the caller's side: keys, connection and offer, of which nothing leaves yet but inside the Invite, and
// the two connections to the callee's relay.
func dialling(ctx context.Context, c *Call, to e2ee.Contact, m Media) (*loop, error) {
	k, err := newKeys(c, caller)
	if err != nil {
		return nil, err
	}
	l := newLoop(c, k, newMachine(caller, hash{}, c.client.config.RingFor))
	l.media = m.borrowed()
	l.worker.receive = m.Receive
	if err := l.dial(ctx, to); err != nil {
		l.undo()
		return nil, err
	}
	return l, nil
}

func (l *loop) dial(ctx context.Context, to e2ee.Contact) error {
	conn, err := media.NewConn(l.worker.config(l.client.config, false))
	if err != nil {
		return fmt.Errorf("call: %w", err)
	}
	l.adopt(conn)
	offer, err := conn.Offer(l.media.Send, l.media.receives())
	if err != nil {
		return fmt.Errorf("call: %w", err)
	}
	l.keys.invite = l.keys.inviteBody(l.client.config.Name, l.media.wanted(), offer)
	o, relay := l.client.route(to.Relays)
	out, err := o.Open(ctx, relay, nil)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoRoute, err)
	}
	l.invites = &outbound{to: to.ID.Box(to.Token), transport: out, courier: newCourier(l.ctx, out, l.drop)}
	in, err := openLine(ctx, o, relay, l.keys.own)
	if err != nil {
		return err
	}
	l.line = newLine(l.ctx, l, l.keys.own, in, l.client.config.Identity.Public())
	return nil
}

// answering sets up the callee's side as far as it may go before the local accept: a mailbox at our own relay.
func answering(ctx context.Context, c *Call, t signal.Transport, inv invitation) (*loop, error) {
	k, err := newKeys(c, callee)
	if err != nil {
		return nil, err
	}
	if err := k.invited(inv); err != nil {
		k.destroy()
		return nil, err
	}
	l := newLoop(c, k, newMachine(callee, inv.hash, c.client.config.RingFor))
	l.invitation = inv
	in, err := openLine(ctx, t.(signal.Opener), "", k.own)
	if err != nil {
		l.undo()
		return nil, err
	}
	l.line = newLine(l.ctx, l, k.own, in, c.client.config.Identity.Public())
	return l, nil
}

// undo takes down a loop that never ran, or that another replaces.
func (l *loop) undo() {
	l.cancel()
	<-l.worker.done
	l.closeMedia()
	l.closeMail()
	l.keys.destroy()
}
