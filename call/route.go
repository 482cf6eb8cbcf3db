package call

import (
	"context"
	"errors"
	"net/netip"
	"net/url"
	"slices"
	"strings"
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

// errLocalHint is why a relay of a card was not tried.
var errLocalHint = errors.New("call: the contact's relay would be on this machine or its local network, where none of ours is")

// route finds the way to a contact's relay: a transport of ours that reads there, and then the others that its card names,
// which the first transport dials.
func (c *Client) route(relays []string) (signal.Opener, string) {
	var ours, others []step
	for _, hint := range relays {
		if o := c.reading(hint); o != nil {
			ours = append(ours, step{dialler: o})
		} else if c.mayDial(hint) {
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
	if len(w.steps) == 0 {
		return nil, errLocalHint
	}
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
	switch {
	case len(w.steps) == 0:
		return ""
	case w.steps[0].relay == "":
		return w.steps[0].dialler.Relay()
	}
	return w.steps[0].relay
}

// A place is where a relay is, seen from here.
type place uint8

const (
	elsewhere place = iota
	nearby          // on a private or link-local network
	here            // on this machine
)

// mayDial says whether a relay may be dialled because a card names it. Cards, links and letters are written by others, and
// what is here or nearby serves those who are here or nearby: it is dialled only if a transport of ours is at such a place,
// or the settings are for calls inside of it. A name that only resolves to such an address is not seen, and dialled: with
// wss:// what is there would need a certificate for the name to learn more than that.
func (c *Client) mayDial(hint string) bool {
	at, s := placeOf(hint), c.config.Media
	return at == elsewhere || at == nearby && s.LAN || at == here && s.Loopback ||
		slices.ContainsFunc(c.config.Transports, func(t signal.Transport) bool { return placeOf(t.(signal.Opener).Relay()) == at })
}

// placeOf reads a relay's URL. What is none has a meaning for its own transport alone, as the names of relays in memory.
func placeOf(relay string) place {
	u, err := url.Parse(relay)
	if err != nil {
		return elsewhere
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if ip, err := netip.ParseAddr(host); err == nil {
		return placeOfIP(ip.Unmap())
	}
	if last := host[strings.LastIndexByte(host, '.')+1:]; last == "localhost" || last != "" && last[0] >= '0' && last[0] <= '9' {
		return here // a top-level domain begins with a letter: 127.1 and 0x7f000001 are addresses, to some
	}
	return elsewhere
}

// shared are addresses behind a provider's NAT (RFC 6598), which private networks use too.
var shared = netip.MustParsePrefix("100.64.0.0/10")

func placeOfIP(ip netip.Addr) place {
	switch {
	case ip.IsLoopback(), ip.IsUnspecified():
		return here
	case ip.IsPrivate(), ip.IsLinkLocalUnicast(), ip.IsMulticast(), shared.Contains(ip):
		return nearby
	}
	return elsewhere
}
