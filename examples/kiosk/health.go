package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/sotto-calls/sotto/examples/kiosk/internal/systemd"
	"github.com/sotto-calls/sotto/signal"
)

const (
	probeEvery = 15 * time.Second
	probeTime  = 3 * time.Second // for the relay to answer
	overdue    = 3 * probeEvery  // without the end of a probe: something hangs
)

// A reach is what the loop knows of the way to the relay.
type reach struct {
	ok   bool
	at   time.Time // of the last probe's end
	lost uint64    // how often it went away
}

// probes asks the relay, again and again, whether our connection to it lives.
func (k *kiosk) probes() {
	every := min(probeEvery, beatOf(k.notifier.Watchdog()))
	for {
		err := k.probe()
		if k.ctx.Err() != nil || !k.post(probed{err}) {
			return
		}
		pause := every
		if err != nil {
			pause = time.Second // the next probe waits for the connection, so the relay's return is seen at once
		}
		select {
		case <-time.After(pause):
		case <-k.ctx.Done():
			return
		}
	}
}

// probe sends a packet to our own mailbox, with a token that nobody admits: the relay answers it as any other, on the
// connection by which calls come, and drops it.
func (k *kiosk) probe() error {
	ctx, cancel := context.WithTimeout(k.ctx, probeTime)
	defer cancel()
	p := signal.Packet{To: signal.AddressOf(k.person.Identity.Mailbox()), Body: []byte{0}}
	rand.Read(p.Token[:])
	return k.person.Transport.Send(ctx, p)
}

func (k *kiosk) probed(err error) {
	ok := err == nil
	switch {
	case ok && !k.relay.ok:
		k.log.Print("the relay is back")
	case !ok && k.relay.ok:
		k.relay.lost++
		k.log.Printf("the relay is away, and we connect anew for as long as it takes: %v", err)
	}
	k.relay.ok, k.relay.at = ok, time.Now()
}

// fit says whether the kiosk does what it is for. A call that is up needs no relay.
func (k *kiosk) fit(now time.Time) bool {
	return k.inTalk() || k.relay.ok && k.probing(now)
}

func (k *kiosk) inTalk() bool { return k.talk != nil && k.talk.connected }

// probing says whether the probes turn: one has ended not long ago, well or not.
func (k *kiosk) probing(now time.Time) bool { return now.Sub(k.relay.at) < overdue }

// beatOf is how often the loop shows that it is alive.
func beatOf(watchdog time.Duration) time.Duration {
	const slowest = 10 * time.Second
	if watchdog <= 0 || watchdog/2 > slowest {
		return slowest
	}
	return max(watchdog/2, time.Millisecond)
}

// alive feeds systemd's watchdog, as long as the loop turns, which does it, and so do the probes, or a call is up. Whether the
// relay answers them is not asked: a kiosk that is started anew finds it no sooner.
func (k *kiosk) alive(now time.Time) {
	if k.notifier.Watchdog() > 0 && (k.inTalk() || k.probing(now)) {
		k.say(systemd.Alive)
	}
}

// say tells systemd.
func (k *kiosk) say(statements ...string) {
	if err := k.notifier.Notify(statements...); err != nil {
		k.log.Printf("systemd does not hear us: %v", err)
	}
}

// sayStatus tells systemd in words what the kiosk does, when that has changed.
func (k *kiosk) sayStatus() {
	words := k.words()
	if words == k.status {
		return
	}
	k.status = words
	k.say(systemd.Status(words))
}

func (k *kiosk) words() string {
	switch {
	case k.closing:
		return "ending"
	case k.talk != nil:
		return fmt.Sprintf("in a call with %q", k.talk.who)
	case k.hunt != nil:
		return "ringing"
	case k.bell != nil:
		return fmt.Sprintf("%q rings", k.bell.who)
	case !k.relay.ok:
		return waiting
	}
	return "online"
}
