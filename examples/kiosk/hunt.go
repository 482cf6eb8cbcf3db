package main

import (
	"fmt"
	"time"
)

// A strategy is the order in which several contacts are rung.
type strategy uint8

const (
	inTurn   strategy = iota + 1 // one after another, each for a while
	together                     // all at once
)

func (s strategy) String() string {
	switch s {
	case inTurn:
		return "turn"
	case together:
		return "together"
	}
	return ""
}

// Set reads a flag.
func (s *strategy) Set(text string) error {
	switch text {
	case "turn":
		*s = inTurn
	case "together":
		*s = together
	default:
		return fmt.Errorf("want turn or together")
	}
	return nil
}

// What a hunt wants done, in this order.
type (
	toRing     struct{ n int } // dial the n-th contact
	toCancel   struct{ n int } // stop ringing the n-th, or leave it: another one was first, or its time is up
	hasWon     struct{ n int } // the n-th is connected; the hunt is over
	nobodyLeft struct{}        // and nothing rings any more; the hunt is over
)

// An order is one of these.
type order any

// A hunt rings contacts until one is connected: the first who answers wins, the others stop ringing. It is pure: it is told
// what happened, and when, and says what to do.
type hunt struct {
	how     strategy
	ringFor time.Duration
	legs    []legState
	stopped bool
	done    bool
	due     time.Time // when those that ring have rung long enough; zero: no time runs
}

type legState uint8

const (
	legWaits    legState = iota // has not been rung
	legRings                    // was dialled
	legAnswered                 // said yes, and is being connected
	legStops                    // was told to stop
	legOver                     // its call has ended
)

func newHunt(how strategy, contacts int, ringFor time.Duration) *hunt {
	return &hunt{how: how, ringFor: ringFor, legs: make([]legState, contacts)}
}

// start rings the first contact, or all.
func (h *hunt) start(now time.Time) []order { return h.next(now) }

// answered: the n-th said yes. The others stop; if it can then not be connected, those in turn after it are rung.
func (h *hunt) answered(n int, _ time.Time) (do []order) {
	if h.done || h.legs[n] != legRings {
		return nil // told to stop already: its end is on the way
	}
	h.legs[n] = legAnswered
	h.due = time.Time{}
	return h.stopAllBut(n)
}

// connected: the n-th has proved that it holds the keys. Who rang us while we rang them may not have been told to have answered.
func (h *hunt) connected(n int, now time.Time) []order {
	do := h.answered(n, now)
	if h.done || h.legs[n] != legAnswered {
		return nil
	}
	h.done = true
	return append(do, hasWon{n})
}

// ended: the call to the n-th is over, whoever ended it, or could not be begun.
func (h *hunt) ended(n int, now time.Time) []order {
	if h.done {
		return nil
	}
	h.legs[n] = legOver
	return h.next(now)
}

// tick: time has passed.
func (h *hunt) tick(now time.Time) []order {
	if h.done || h.due.IsZero() || now.Before(h.due) {
		return nil
	}
	h.due = time.Time{}
	do := h.stopAllBut(-1)
	if h.how == inTurn { // the next rings at once; what stops needs no waiting for
		do = append(do, h.next(now)...)
	}
	return do
}

// stop ends the hunt: all stop ringing, and nobody is rung any more.
func (h *hunt) stop(now time.Time) []order {
	if h.done {
		return nil
	}
	h.stopped = true
	h.due = time.Time{}
	return append(h.stopAllBut(-1), h.next(now)...)
}

// stopAllBut tells all legs that ring, but one, to stop.
func (h *hunt) stopAllBut(n int) (do []order) {
	for i, s := range h.legs {
		if i != n && (s == legRings || s == legAnswered) {
			h.legs[i] = legStops
			do = append(do, toCancel{i})
		}
	}
	return do
}

// next rings whoever is to be rung now, and ends a hunt in which nothing is left.
func (h *hunt) next(now time.Time) (do []order) {
	busy := false // somebody is still asked
	for n, s := range h.legs {
		switch {
		case s == legRings || s == legAnswered:
			busy = true
		case s == legWaits && !h.stopped && (h.how == together || !busy):
			busy = true
			h.legs[n] = legRings
			h.due = now.Add(h.ringFor)
			do = append(do, toRing{n})
		}
	}
	if busy {
		return do
	}
	for _, s := range h.legs {
		if s == legStops {
			return do
		}
	}
	h.done = true
	return append(do, nobodyLeft{})
}
