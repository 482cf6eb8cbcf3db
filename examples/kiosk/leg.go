package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/e2ee"
)

// A leg is one call, from the wish to ring somebody, or the answer, until nothing of it is left. The loop owns it.
type leg struct {
	n         int // in the hunt; -1: they rang us
	who       string
	id        e2ee.ID
	call      *call.Call         // nil until the relay has the Invite
	abandon   context.CancelFunc // ends what leads there
	media     *callMedia
	answers   chan []byte // messages to be sent
	stopped   bool
	connected bool
}

// waitingAnswers is how many messages may wait to be sent. Who asks faster gets fewer answers.
const waitingAnswers = 8

func (k *kiosk) newLeg(n int, who e2ee.Contact) *leg {
	l := &leg{n: n, who: who.Name, id: who.ID, answers: make(chan []byte, waitingAnswers), abandon: func() {}}
	l.media = k.gear.begin()
	k.legs[l] = true
	return l
}

// dial rings a contact. Its events, and at last legEnded, go to the loop.
func (k *kiosk) dial(n int, to e2ee.Contact) *leg {
	l := k.newLeg(n, to)
	ctx, cancel := context.WithTimeout(k.ctx, takeHold)
	l.abandon = cancel
	k.logf(l, "is rung, %s", trust(to))
	k.work.Go(func() {
		defer cancel()
		c, err := k.person.Client.Dial(ctx, to, l.media.Media)
		if err != nil {
			k.post(legEnded{l, err})
			return
		}
		if !k.post(legBegun{l, c}) {
			c.Close()
		}
		k.follow(l, c)
	})
	return l
}

// follow passes the events of a call on, until it has ended.
func (k *kiosk) follow(l *leg, c *call.Call) {
	k.work.Go(func() { k.sendAnswers(l, c) })
	for ev := range c.Events(context.WithoutCancel(k.ctx)) {
		k.post(legEvent{l, ev})
	}
	<-c.Done()
	k.post(legEnded{l, c.Err()})
}

// begun: the relay has the Invite.
func (k *kiosk) begun(l *leg, c *call.Call) {
	l.call = c
	if l.stopped { // meanwhile
		k.hangup(l)
	}
}

// stop ends a leg politely, in the background. Its end comes as legEnded.
func (k *kiosk) stop(l *leg) {
	if l.stopped {
		return
	}
	l.stopped = true
	l.abandon()
	if l.call != nil {
		k.hangup(l)
	}
}

func (k *kiosk) hangup(l *leg) {
	c, reason := l.call, call.Cancelled
	if s := c.State(); l.n < 0 || s != call.StateDialing && s != call.StateRinging {
		reason = call.Left
	}
	k.work.Go(func() {
		bye, cancel := context.WithTimeout(context.WithoutCancel(k.ctx), goodbye)
		defer cancel()
		if err := c.Hangup(bye, reason); err != nil {
			c.Close()
		}
	})
}

// event takes one event of a call.
func (k *kiosk) event(l *leg, ev call.Event) {
	now := time.Now()
	switch ev := ev.(type) {
	case call.Ringing:
		k.logf(l, "hears it ring")
	case call.Accepted:
		if k.inHunt(l) {
			k.obey(k.hunt.answered(l.n, now))
		}
	case call.Connected:
		k.isConnected(l, now)
	case call.Reconnecting:
		k.logf(l, "is being reconnected")
	case call.TrackAdded:
		k.logf(l, "sends %s (%s)", ev.Track.Kind, ev.Track.Codec)
	case call.TrackEnded:
		if ev.Err != nil {
			k.logf(l, "%s ended: %v", ev.Track.Kind, ev.Err)
		}
	case call.HoldChanged:
		k.logf(l, "holds: %t", ev.Held)
	case call.Message:
		k.message(l, ev)
	case call.Ended:
		k.logf(l, "is gone: %s", strings.TrimPrefix(ev.String(), "call: "))
	}
}

func (k *kiosk) isConnected(l *leg, now time.Time) {
	again := l.connected
	l.connected = true
	s := l.call.Stats().Media
	k.logf(l, "is connected, by %s to %s, emoji %s", s.Local, s.Remote, pictures(l.call))
	if !again {
		k.counts.connected[direction(l)]++
		if k.inHunt(l) {
			k.obey(k.hunt.connected(l.n, now))
		}
	}
}

func (k *kiosk) inHunt(l *leg) bool {
	return k.hunt != nil && l.n >= 0 && l.n < len(k.rung) && k.rung[l.n] == l
}

// over: nothing of the call is left.
func (k *kiosk) over(l *leg, err error) {
	delete(k.legs, l)
	k.work.Go(l.media.end) // a device may take its time
	k.counts.ended[result(err)]++
	if l.call == nil { // or its Ended has told
		k.logf(l, "is gone: %v", err)
	}
	if k.talk == l {
		k.talk = nil
	}
	if k.inHunt(l) {
		k.obey(k.hunt.ended(l.n, time.Now()))
	}
}

// result is how a call ended, in one word for the metrics.
func result(err error) string {
	if e, ok := errors.AsType[*call.EndedError](err); ok {
		return strings.ReplaceAll(e.Reason.String(), " ", "_")
	}
	return "failed"
}

func direction(l *leg) string {
	if l.n < 0 {
		return "in"
	}
	return "out"
}

func (k *kiosk) logf(l *leg, format string, args ...any) {
	k.log.Printf("%q "+format, append([]any{l.who}, args...)...)
}

func trust(c e2ee.Contact) string {
	if c.Verified.IsZero() {
		return "not verified (contact verify)"
	}
	return "verified on " + c.Verified.Format(time.DateOnly)
}

func pictures(c *call.Call) string {
	emoji, ok := c.Emoji()
	if !ok {
		return "none"
	}
	names := make([]string, len(emoji))
	for i, e := range emoji {
		names[i] = e.Symbol
	}
	return strings.Join(names, " ")
}
