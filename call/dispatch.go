package call

import (
	"context"
	"errors"
	"time"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/signal"
)

// freshness is how far the time of an Invite or Cancel may be from ours.
const freshness = 60 * time.Second

// maxCancelled bounds the cancellations that are remembered because they overtook their Invite.
const maxCancelled = 256

var (
	errBusy  = errors.New("call: all lines are busy")
	errTaken = errors.New("call: a call of this name is under way")
)

// read takes the packets of the identity's mailbox on one transport until the client closes. Whatever is in them, it
// goes on: a packet is dropped, counted, and never answered unless Admit let its sender ring.
func (c *Client) read(t signal.Transport) {
	defer c.readers.Done()
	for {
		p, err := t.Receive(c.ctx)
		if err != nil {
			if c.ctx.Err() == nil {
				c.config.Logger.Warn("identity's mailbox is not read any more", "error", err)
			}
			return
		}
		c.dispatch(t, p.Body)
	}
}

func (c *Client) dispatch(t signal.Transport, box []byte) {
	m, h, err := c.mailbox.Open(box, c.config.Identity.Public())
	now := time.Now()
	c.count(func(s *ClientStats) {
		s.Packets++
		if err != nil {
			s.Refused++
		}
	})
	if err != nil {
		return
	}
	skew := now.Sub(m.Time).Abs()
	switch messageType(m.Type) {
	case msgInvite:
		c.invited(t, m, h, now, skew > freshness)
	case msgCancel:
		if skew > freshness {
			c.count(func(s *ClientStats) { s.Stale++ })
			return
		}
		c.cancel(m, h, now)
	default:
		c.introduced(m, h)
	}
}

// invited is an authentic Invite. Its body is not read before Admit has let it ring.
func (c *Client) invited(t signal.Transport, m e2ee.Message, h hash, now time.Time, stale bool) {
	if len(m.Ref) != 0 || m.Seq != 0 {
		c.count(func(s *ClientStats) { s.Refused++ })
		return
	}
	c.mu.Lock()
	fresh := c.invites.Accept(m.From, m.Call, now)
	known := c.calls[callKey{m.From, m.Call}]
	c.mu.Unlock()
	if fresh && known == nil {
		c.decide(crossing{transport: t, message: m, hash: h, at: now}, stale)
		return
	}
	c.count(func(s *ClientStats) { s.Replayed++ })
	if known != nil && known.incoming() {
		known.post(repeatedInvite{h})
	}
}

// decide says what becomes of an Invite that was not seen before, or that crossed a call of ours which came to nothing.
func (c *Client) decide(x crossing, stale bool) {
	t, m, h := x.transport, x.message, x.hash
	gone := c.withdrawn(callKey{m.From, m.Call}, h)
	c.mu.Lock()
	mine := c.outgoingTo(m.From)
	c.deciding[m.From]++ // until it is among the calls, or is not taken
	c.mu.Unlock()
	defer c.decided(m.From)
	switch {
	case gone:
		return
	case mine != nil && !stale && c.glare(mine, x):
		return
	}
	if c.config.Contacts != nil {
		if err := c.config.Contacts.Reload(); err != nil { // who rings may have been blocked since
			c.config.Logger.Warn("an Invite is ignored: the contacts cannot be read", "error", err)
			c.count(func(s *ClientStats) { s.Ignored++ })
			c.mu.Lock()
			c.invites.Again(m.From, m.Call) // its repetition may find them readable again
			c.mu.Unlock()
			return
		}
	}
	caller := c.who(m.From, t)
	switch c.config.Admit(c.ctx, caller) {
	case Ring:
	case Refuse:
		c.count(func(s *ClientStats) { s.Declined++ })
		c.ring(t, m, h, caller, DeclineCall)
		return
	default:
		c.count(func(s *ClientStats) { s.Ignored++ })
		return
	}
	if stale {
		c.count(func(s *ClientStats) { s.Stale++ })
		c.ring(t, m, h, caller, declineClockSkew)
		return
	}
	c.ring(t, m, h, caller, 0)
}

func (c *Client) decided(from e2ee.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.deciding[from]--; c.deciding[from] == 0 {
		delete(c.deciding, from)
	}
}

// outgoingTo is a call of ours to this identity that is not answered yet. The lock is held.
func (c *Client) outgoingTo(id e2ee.ID) *Call {
	for k, call := range c.calls {
		if k.peer == id && !call.incoming() && call.State() <= StateRinging {
			return call
		}
	}
	return nil
}

// withdrawn says whether a Cancel has overtaken an Invite, or come while that was decided upon.
func (c *Client) withdrawn(key callKey, invite hash) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	early, ok := c.cancelled[key]
	return ok && early.ref == invite
}

// cancel ends a call that rings, or is remembered for an Invite that is not among the calls yet.
func (c *Client) cancel(m e2ee.Message, h hash, now time.Time) {
	key := callKey{m.From, m.Call}
	c.mu.Lock()
	known := c.calls[key]
	if known == nil && len(m.Ref) == len(hash{}) {
		for k, v := range c.cancelled {
			if now.Sub(v.at) > 2*freshness || len(c.cancelled) >= maxCancelled {
				delete(c.cancelled, k)
			}
		}
		c.cancelled[key] = cancellation{hash(m.Ref), now}
	}
	c.mu.Unlock()
	if known != nil {
		known.post(letter{m, h})
	}
}

// who is what we know of a caller before reading what it says.
func (c *Client) who(id e2ee.ID, t signal.Transport) Caller {
	w := Caller{ID: id, Route: t.(signal.Opener).Relay()}
	if c.config.Contacts == nil {
		return w
	}
	if known, ok := c.config.Contacts.Lookup(id); ok {
		w.Name, w.KnownSince, w.Verified, w.Blocked = known.Name, known.KnownSince, known.Verified, known.Blocked
	}
	return w
}

// ring reads the Invite's body and starts the callee's side, or declines at once with reason. Opening the call's mailbox
// takes the network, so it is not done on the goroutine that reads.
func (c *Client) ring(t signal.Transport, m e2ee.Message, h hash, caller Caller, reason DeclineReason) {
	body, err := decode[inviteBody](m.Body, maxBody)
	if err != nil {
		c.count(func(s *ClientStats) { s.Malformed++ })
		return
	}
	if reason == 0 && !supported(body) {
		reason = declineUnsupported
	}
	caller = c.introduce(caller, body.Name)
	k := newCall(c, callee, m.From, m.Call)
	limit := c.config.MaxCalls
	if k.unwanted = reason != 0; k.unwanted {
		limit = 2 * c.config.MaxCalls // a few more lines to say no on; beyond them nothing is said
	}
	if err := c.enter(k, limit); errors.Is(err, errBusy) {
		reason, k.unwanted = DeclineBusy, true
		c.count(func(s *ClientStats) { s.Declined++ })
		if c.enter(k, 2*c.config.MaxCalls) != nil {
			return
		}
	} else if err != nil {
		return
	}
	if c.withdrawn(k.key(), h) { // from now on Cancels find the call
		k.finished(Ended{Reason: Cancelled, Remote: true})
		return
	}
	c.readers.Add(1)
	go func() {
		defer c.readers.Done()
		c.receive(k, t, invitation{message: m, hash: h, body: body}, caller, reason)
	}()
}

// introduce adds what a stranger says of itself, if it can be shown, and whom it resembles.
func (c *Client) introduce(w Caller, name string) Caller {
	if w.Contact() || name == "" || !e2ee.Visible(name) {
		return w
	}
	w.Claimed = name
	if c.config.Contacts != nil {
		w.KeyChanged, w.LookAlike = resembles(c.config.Contacts, w.ID, name)
	}
	return w
}

// receive opens the call's mailbox and lets it ring.
func (c *Client) receive(k *Call, t signal.Transport, inv invitation, caller Caller, reason DeclineReason) {
	ctx, cancel := context.WithTimeout(c.ctx, reachTime)
	defer cancel()
	l, err := answering(ctx, k, t, inv)
	if err != nil {
		c.config.Logger.Warn("an incoming call could not be taken", "error", err)
		k.abandon(err)
		return
	}
	if reason != 0 {
		l.start(inRefuse{reason})
		return
	}
	c.count(func(s *ClientStats) { s.Rang++ })
	l.start(inStart{})
	c.ringing.Put(&Incoming{call: k, caller: caller, wanted: inv.body.Media})
}
