package main

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/call/calltest"
)

// A bargeIn is how long after the first sample of a caller who interrupts the agent stopped sending, which includes the
// network to it, and how long until the caller heard nothing of it any more, which includes the network back and the
// caller's own jitter buffer.
type bargeIn struct{ stopped, hushed time.Duration }

// check holds the agent's own time to a limit, and the caller's to another.
func (b bargeIn) check(stopped, hushed time.Duration) error {
	if b.stopped > stopped || b.hushed > hushed {
		return fmt.Errorf("the agent stopped after %v, at most %v; it was not heard any more after %v, at most %v", b.stopped, stopped, b.hushed, hushed)
	}
	return nil
}

// interrupt rings, and lets the caller speak into the parrot's answer, after 0.8 s of it. inTime says that so much of it was
// said; else it is enough that it was not said to its end.
func interrupt(t *testing.T, alice *calltest.Side, said *lines, words, no []int16, inTime bool) (b bargeIn, err error) {
	t.Helper()
	a := ring(t, alice)
	defer a.hangUp()
	a.say(words)
	if err := a.wait("the answer", a.answers); err != nil {
		return b, err
	}
	if err := a.waitHops(80); err != nil {
		return b, err
	}
	from := a.say(no)
	e, err := a.waitEntries(2)
	if err != nil {
		return b, err
	}
	if err := a.waitHops(30); err != nil {
		return b, err
	}
	least, most := 0.6, 1.9
	if !inTime {
		least, most = 0, e[0].Seconds-0.1
	}
	if e := e[1]; !e.Interrupted || e.Seconds < least || e.Seconds > most || !strings.HasPrefix(e.Note, "interrupted after ") {
		return b, fmt.Errorf("the transcript has %+v, want %.1f to %.1f s", e, least, most)
	}
	stopped, err := said.at("interrupted after")
	if err != nil {
		return b, err
	}
	began, err := a.saidAt(from)
	if err != nil {
		return b, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	_, last := a.loud(0)
	b = bargeIn{stopped: stopped.Sub(began), hushed: a.at[last].Sub(began)}
	t.Logf("barge-in: %v from the caller's first sample until the agent stopped, %v until it was not heard any more", b.stopped, b.hushed)
	return b, nil
}

// A caller who speaks while the agent does is listened to. The 200 ms are the agent's: until it stops sending. What the
// caller hears ends later by the network both ways, and by what waits in the caller's jitter buffer; of the latter no more
// than the agent leaves of its 200 ms.
func TestBargeIn(t *testing.T) {
	const most = 200 * time.Millisecond
	words := speech(t, "This is a long sentence, so that there is enough to interrupt.")
	no := speech(t, "No no no no, wait!")
	t.Run("virtual time", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			const network = 20 * time.Millisecond // one way
			alice, said, stop := startAgent(t, &bot{}, calltest.Options{OneWay: network})
			defer stop()
			b, err := interrupt(t, alice, said, words, no, true)
			if err == nil {
				err = b.check(most, most+2*network)
			}
			if err != nil {
				t.Error(err)
			}
		})
	})
	t.Run("loopback", func(t *testing.T) {
		agent, stopped, hushed := turnConfig{}, most, most+40*time.Millisecond // two frames that came unevenly
		if !alone() {
			agent, stopped, hushed = patient, 3*most, 6*most
		}
		inRealTime(t, func() error {
			alice, said, stop := startAgent(t, &bot{turn: agent}, onLoopback)
			defer stop()
			b, err := interrupt(t, alice, said, words, no, alone())
			if err != nil {
				return err
			}
			return b.check(stopped, hushed)
		})
	})
}
