package call

import (
	"context"
	"fmt"
	"time"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/signal"
)

// Deliver sends a letter (of e2ee.Contacts.Use, Confirm or Revocations) by the relay of whom it is for, on a
// connection of its own. It returns when the relay has stored it: for a minute, so if the other side does not read its
// mailbox now, deliver it again later or hand it over as text.
//
// A letter without Relays is of somebody whose profile named none (e2ee.Contacts.SetProfile): it goes to our own relay, and
// arrives only if that is theirs too.
//
// Letters that arrive go into Config.Contacts, whose Changed and Requests tell of them.
func (c *Client) Deliver(ctx context.Context, l e2ee.Letter) error {
	if len(l.Relays) == 0 {
		c.config.Logger.Warn("a letter goes to our own relay: whoever it is for has named none")
	}
	o, relay := c.route(l.Relays)
	t, err := o.Open(ctx, relay, nil)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoRoute, err)
	}
	defer t.Close()
	return t.Send(ctx, packet(l.To, l.Sealed))
}

// introduced takes what arrives in the identity's mailbox beside calls: introductions, revocations, missed calls.
func (c *Client) introduced(m e2ee.Message, h hash) {
	if c.config.Contacts == nil {
		c.count(func(s *ClientStats) { s.Refused++ })
		return
	}
	if _, err := c.config.Contacts.Receive(m, h); err != nil {
		c.count(func(s *ClientStats) { s.Refused++ })
		c.config.Logger.Debug("a letter was dropped", "error", err)
	}
}

// missed tells whether a call that ended so is worth a notice.
func (r EndReason) missed() bool { return r == TimedOut || r == Unreachable || r == Cancelled }

// leaveNotice leaves a sealed note in the callee's mailbox that it was called: 1 kB, kept for a week.
func (l *loop) leaveNotice() {
	box, err := l.keys.identity.SealNotice(l.invites.to, l.call.peer, l.keys.call, time.Now(), l.keys.invite.Media.Send&2 != 0)
	if err != nil {
		return
	}
	p := packet(l.invites.to, box)
	p.Class = signal.ClassNotice
	l.invites.courier.send(p, nil)
}
