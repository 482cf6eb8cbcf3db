package main

import (
	"context"
	"log"
	"sync"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/examples/internal/person"
	"github.com/sotto-calls/sotto/examples/kiosk/internal/systemd"
)

const (
	goodbye  = 3 * time.Second  // for the polite end of a call; of the 5 s that the program takes to end, the rest is for Close
	takeHold = 10 * time.Second // for the relay to take an Invite or a letter
)

// A kiosk rings, answers and opens the door. One goroutine, run, owns what is below "the loop's"; everything that may wait
// runs elsewhere and posts what came of it.
type kiosk struct {
	options
	person   *person.Person
	gear     *gear
	log      *log.Logger
	notifier *systemd.Notifier

	inputs chan any      // what happened: the types of input.go
	gone   chan struct{} // closed when nothing takes inputs any more
	work   sync.WaitGroup
	ctx    context.Context // of the program; ends before run does

	// The loop's.
	legs    map[*leg]bool // calls that have not ended
	hunt    *hunt         // nil: nobody is being rung
	rung    []*leg        // of the hunt, by its numbers
	list    []e2ee.Contact
	talk    *leg  // the call that is answered; nil: none
	bell    *bell // a caller whom somebody here may answer; nil: none
	closing bool
	door    doorPolicy
	relay   reach
	counts  counts
	began   time.Time
	status  string // said last
}

// A bell is a call that rings here.
type bell struct {
	in   *call.Incoming
	who  string
	hush context.CancelFunc // ends its command
}

func newKiosk(o options, p *person.Person, g *gear, n *systemd.Notifier, l *log.Logger) *kiosk {
	return &kiosk{options: o, person: p, gear: g, log: l, notifier: n,
		inputs: make(chan any), gone: make(chan struct{}), legs: make(map[*leg]bool),
		door:   doorPolicy{fitted: len(o.doorCommand) > 0, every: o.doorEvery},
		counts: newCounts(), began: time.Now(), relay: reach{ok: true, at: time.Now()}}
}

// post gives the loop an input. It returns when the loop has it, or is gone.
func (k *kiosk) post(input any) bool {
	select {
	case k.inputs <- input:
		return true
	case <-k.gone:
		return false
	}
}

// run is the kiosk until ctx ends; then it ends the calls politely.
func (k *kiosk) run(ctx context.Context) {
	var cancel context.CancelFunc
	k.ctx, cancel = context.WithCancel(ctx)
	defer k.work.Wait()
	defer close(k.gone)
	defer cancel()
	k.work.Go(func() {
		for in := range k.person.Client.Incoming(k.ctx) {
			k.post(incoming{in})
		}
	})
	k.work.Go(k.probes)
	k.say(systemd.Ready)
	k.loop(ctx)
	for l := range k.legs { // whose end was not waited for
		k.work.Go(l.media.end)
	}
}

// loop takes inputs until ctx has ended and no call is left, or the time for that is over.
func (k *kiosk) loop(ctx context.Context) {
	beat := time.NewTicker(beatOf(k.notifier.Watchdog()))
	defer beat.Stop()
	var end <-chan time.Time
	done := ctx.Done()
	for !k.closing || len(k.legs) > 0 {
		timer := k.timer()
		select {
		case in := <-k.inputs:
			k.step(in)
		case <-timer:
			k.obey(k.hunt.tick(time.Now()))
		case <-beat.C:
			k.alive(time.Now())
		case <-done:
			done, end = nil, time.After(goodbye)
			k.close()
		case <-end:
			k.log.Print("the calls did not end in time")
			return
		}
		k.sayStatus()
	}
}

// timer fires when the hunt's time is over.
func (k *kiosk) timer() <-chan time.Time {
	if k.hunt == nil || k.hunt.due.IsZero() {
		return nil
	}
	return time.After(time.Until(k.hunt.due))
}

// step takes one input.
func (k *kiosk) step(input any) {
	switch in := input.(type) {
	case command:
		in.reply <- k.command(in.verb)
	case incoming:
		k.rings(in.call)
	case bellOver:
		if k.bell != nil && k.bell.in == in.call {
			k.log.Printf("%q gave up", k.bell.who)
			k.takeBell()
		}
	case legBegun:
		k.begun(in.leg, in.call)
	case legEvent:
		k.event(in.leg, in.event)
	case legEnded:
		k.over(in.leg, in.err)
	case doorDone:
		k.doorDone(in)
	case probed:
		k.probed(in.err)
	case ask:
		in.reply <- k.snapshot(time.Now())
	}
}

// close ends everything politely.
func (k *kiosk) close() {
	k.closing = true
	k.log.Print("ending")
	k.say(systemd.Stopping)
	k.dropBell()
	if k.hunt != nil {
		k.obey(k.hunt.stop(time.Now()))
	}
	for l := range k.legs {
		k.stop(l)
	}
}

// line is what goes on at the one line of the kiosk.
func (k *kiosk) line() line {
	switch {
	case k.closing || k.hunt != nil || k.talk != nil:
		return lineTaken
	case k.bell != nil:
		return lineBell
	}
	return lineFree
}

// lookup is the contact as the store has it now, also if another process (contact verify, contact revoke) changed it.
func (k *kiosk) lookup(id e2ee.ID) (e2ee.Contact, bool) {
	if err := k.person.Contacts.Reload(); err != nil {
		k.log.Printf("contacts cannot be read, so nobody counts as one: %v", err)
		return e2ee.Contact{}, false
	}
	return k.person.Contacts.Lookup(id)
}
