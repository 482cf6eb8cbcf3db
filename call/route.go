package call

import (
	"context"
	"errors"
	"time"

	"github.com/sotto-calls/sotto/signal"
)

// A way leads to a contact's relay: to the first of several that can be reached, and from then on to that one.
type way struct{ steps []step }

// A step is one relay, and who dials it; an empty name is the dialler's own.
type step struct {
	dialler signal.Opener
	relay   string
}

// route finds the way to a contact's relay: a transport of ours that reads there, and then the others that its card names,
// which the first transport dials.
func (c *Client) route(relays []string) (signal.Opener, string) {
	var ours, others []step
	for _, hint := range relays {
		if o := c.reading(hint); o != nil {
			ours = append(ours, step{dialler: o})
		} else {
			others = append(others, step{c.first(), hint})
		}
	}
	if len(relays) == 0 {
		ours = []step{{dialler: c.first()}}
	}
	return &way{append(ours, others...)}, ""
}

func (c *Client) first() signal.Opener { return c.config.Transports[0].(signal.Opener) }

// reading is our transport at this relay, or nil.
func (c *Client) reading(relay string) signal.Opener {
	for _, t := range c.config.Transports {
		if o := t.(signal.Opener); o.Relay() == relay {
			return o
		}
	}
	return nil
}

// Open opens a mailbox or a sender at the first relay that can be reached; the name is not looked at. Each but the last has
// its part of what is left of ctx's time, or of reachTime.
func (w *way) Open(ctx context.Context, _ string, m signal.Mailbox) (signal.Transport, error) {
	end := time.Now().Add(reachTime)
	if d, ok := ctx.Deadline(); ok && d.Before(end) {
		end = d
	}
	var faults []error
	for i, s := range w.steps {
		t, err := s.open(ctx, time.Until(end), len(w.steps)-i, m)
		if err == nil {
			w.steps = []step{s}
			return t, nil
		}
		if faults = append(faults, err); ctx.Err() != nil {
			break
		}
	}
	return nil, errors.Join(faults...)
}

// open is one of so many steps that are left, for which there is this time.
func (s step) open(ctx context.Context, left time.Duration, steps int, m signal.Mailbox) (signal.Transport, error) {
	if steps > 1 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, left/time.Duration(steps))
		defer cancel()
	}
	return s.dialler.Open(ctx, s.relay, m)
}

// Relay is the relay that is tried first: the contact's, once Open has found it.
func (w *way) Relay() string {
	if w.steps[0].relay == "" {
		return w.steps[0].dialler.Relay()
	}
	return w.steps[0].relay
}
