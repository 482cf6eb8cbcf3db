package call

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/sotto-calls/sotto/e2ee"
)

// Dial rings a contact. It returns when the contact's relay has stored the Invite, or the call has ended before; what
// follows are events of the Call. ctx bounds Dial alone; if it ends first, Dial hangs up as Hangup does, and returns when that
// is done, in a few seconds at most. ErrState while they ring here: answer that call.
func (c *Client) Dial(ctx context.Context, to e2ee.Contact, m Media) (*Call, error) {
	k, err := c.dial(ctx, to, m)
	if err != nil {
		within(stopTime, m.close)
	}
	return k, err
}

func (c *Client) dial(ctx context.Context, to e2ee.Contact, m Media) (*Call, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	if err := to.ID.Check(); err != nil {
		return nil, fmt.Errorf("call: contact: %w", err)
	}
	if to.ID == c.config.Identity.Public() {
		return nil, fmt.Errorf("%w: the contact is this client itself", ErrConfig)
	}
	var id [32]byte
	rand.Read(id[:])
	k := newCall(c, caller, to.ID, id)
	if err := c.enter(k, 0); err != nil {
		return nil, err
	}
	opening, cancel := context.WithCancel(ctx)
	defer context.AfterFunc(c.ctx, cancel)()
	defer cancel()
	l, err := dialling(opening, k, to, m)
	if err != nil {
		k.abandon(err)
		if c.ctx.Err() != nil {
			err = fmt.Errorf("%w: %w", ErrClosed, err)
		}
		return nil, err
	}
	stored := make(chan error, 1)
	l.stored = func(err error) { stored <- err }
	l.start(inStart{})
	select {
	case err := <-stored:
		if err != nil {
			k.Close()
			return nil, fmt.Errorf("call: the relay did not take the Invite: %w", err)
		}
		return k, nil
	case <-k.done:
		return nil, k.Err()
	case <-ctx.Done():
		k.hang(Left) // the callee may have heard of it
		<-k.done
		return nil, ctx.Err()
	}
}
