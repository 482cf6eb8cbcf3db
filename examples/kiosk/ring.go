package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/e2ee"
)

// ringOut is the button: it begins a hunt.
func (k *kiosk) ringOut() reply {
	switch {
	case k.closing:
		return reply{false, "ending"}
	case k.talk != nil:
		return reply{false, fmt.Sprintf("in a call with %q; hangup ends it", k.talk.who)}
	case k.hunt != nil:
		return reply{false, "ringing already; hangup stops it"}
	case len(k.ring) == 0:
		return reply{false, "nobody to ring: name contacts with -ring"}
	}
	if err := k.person.Contacts.Reload(); err != nil {
		return reply{false, fmt.Sprintf("contacts cannot be read: %v", err)}
	}
	found := resolve(k.person.Contacts, k.ring, func(name string, err error) { k.log.Printf("%q is not rung: %v", name, err) })
	k.list = nil
	for _, c := range found {
		if why := unreachable(c); why != "" {
			k.log.Printf("%q is not rung: %s", c.Name, why)
			continue
		}
		k.list = append(k.list, c)
	}
	if len(k.list) == 0 {
		return reply{false, "none of the contacts of -ring can be rung: the log says why"}
	}
	if k.bell != nil { // the visitor at the door goes first
		caller := k.bell.in.Caller().ID
		if slices.ContainsFunc(k.list, func(c e2ee.Contact) bool { return c.ID == caller }) {
			return k.answerBell() // both pressed their buttons
		}
		k.log.Printf("%q rings the bell no more: the button was pressed", k.bell.who)
		k.dropBell()
	}
	k.counts.hunts++
	k.rung = make([]*leg, len(k.list))
	k.hunt = newHunt(k.strategy, len(k.list), k.ringFor)
	k.obey(k.hunt.start(time.Now()))
	return reply{true, "ringing " + strings.Join(names(k.list), ", ")}
}

// obey does what the hunt wants.
func (k *kiosk) obey(orders []order) {
	for _, o := range orders {
		switch o := o.(type) {
		case toRing:
			k.counts.rung++
			k.rung[o.n] = k.dial(o.n, k.list[o.n])
		case toCancel:
			k.logf(k.rung[o.n], "is not rung any more")
			k.stop(k.rung[o.n])
		case hasWon:
			k.talk, k.hunt = k.rung[o.n], nil
			k.counts.answered++
		case nobodyLeft:
			k.log.Print("nobody was reached")
			k.hunt = nil
		}
	}
}

// hangUp ends whatever goes on.
func (k *kiosk) hangUp() reply {
	switch {
	case k.talk != nil:
		k.stop(k.talk)
	case k.hunt != nil:
		k.obey(k.hunt.stop(time.Now()))
	case k.bell != nil:
		k.dropBell()
	default:
		return reply{false, "there is no call"}
	}
	return reply{true, "hanging up"}
}

// rings decides on a caller.
func (k *kiosk) rings(in *call.Incoming) {
	who, known := k.lookup(in.Caller().ID)
	if !known {
		who.Name = in.Caller().Name
	}
	listed := false
	for _, c := range resolve(k.person.Contacts, k.autoAnswer, func(string, error) {}) {
		listed = listed || known && c.ID == who.ID
	}
	v, why := judge(who, known, listed, k.line(), k.others.verdict)
	k.counts.incoming++
	if k.ringsBack(who, known) {
		k.log.Printf("%q rings while we ring them, and is answered", who.Name)
		k.obey(k.hunt.stop(time.Now()))
		k.hunt = nil
		k.counts.answered++
		k.answer(in, who)
		return
	}
	switch v {
	case verdictAnswer:
		k.log.Printf("%q rings and is answered: %s", who.Name, why)
		k.dropBell()
		k.answer(in, who)
	case verdictBell:
		k.log.Printf("%q rings the bell: %s", who.Name, why)
		k.ringBell(in, who)
	default:
		k.log.Printf("%q rings and is told that we are busy: %s", who.Name, why)
		k.decline(in)
	}
}

// ringsBack says whether a caller is one whom we ring or have rung: then both pressed their buttons, and it is an answer. One
// whose turn has not come was not asked, so must be verified, as who is answered at any other time.
func (k *kiosk) ringsBack(who e2ee.Contact, known bool) bool {
	if k.hunt == nil || k.hunt.stopped || slices.Contains(k.hunt.legs, legAnswered) || !known || who.Blocked {
		return false
	}
	for n, c := range k.list {
		if c.ID == who.ID && (k.hunt.legs[n] != legWaits || !who.Verified.IsZero()) {
			return true
		}
	}
	return false
}

func (k *kiosk) decline(in *call.Incoming) {
	k.counts.declined++
	k.work.Go(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(k.ctx), goodbye)
		defer cancel()
		if err := in.Decline(ctx, call.DeclineBusy); err != nil {
			k.log.Printf("a caller was not told that we are busy: %v", err)
		}
	})
}

// answer takes a call.
func (k *kiosk) answer(in *call.Incoming, who e2ee.Contact) {
	l := k.newLeg(-1, who)
	c, err := in.Answer(k.ctx, l.media.Media)
	if err != nil {
		k.logf(l, "is not answered: %v", err)
		k.over(l, err)
		return
	}
	l.call, k.talk = c, l
	k.work.Go(func() { k.follow(l, c) })
}

// ringBell lets a caller ring until somebody here answers.
func (k *kiosk) ringBell(in *call.Incoming, who e2ee.Contact) {
	ctx, hush := context.WithCancel(k.ctx)
	k.bell = &bell{in: in, who: who.Name, hush: hush}
	k.work.Go(func() {
		select {
		case <-in.Done(): // also once it was answered and has ended: then this bell does not ring any more
			k.post(bellOver{in})
		case <-k.gone:
		}
	})
	if len(k.bellCommand) > 0 {
		k.work.Go(func() {
			if err := k.executeUntil(ctx, k.bellCommand, who); err != nil && ctx.Err() == nil { // else nobody rings any more
				k.log.Printf("-bell-command: %v", err)
			}
		})
	}
}

// answerBell takes the call that rings the bell.
func (k *kiosk) answerBell() reply {
	if k.bell == nil {
		return reply{false, "nobody rings"}
	}
	in := k.takeBell()
	who, known := k.lookup(in.Caller().ID)
	if !known || who.Blocked {
		k.decline(in)
		return reply{false, "they are no contact any more, or blocked"}
	}
	k.answer(in, who)
	return reply{true, fmt.Sprintf("answering %q", who.Name)}
}

func (k *kiosk) dropBell() {
	if k.bell != nil {
		k.decline(k.takeBell())
	}
}

// takeBell has the bell ring no more, and returns its call.
func (k *kiosk) takeBell() *call.Incoming {
	in := k.bell.in
	k.bell.hush()
	k.bell = nil
	return in
}

func names(list []e2ee.Contact) []string {
	all := make([]string, len(list))
	for i, c := range list {
		all[i] = fmt.Sprintf("%q", c.Name)
	}
	return all
}
