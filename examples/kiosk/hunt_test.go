package main

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

// said writes orders as a script does: "ring 0, cancel 1".
func said(do []order) string {
	var all []string
	for _, o := range do {
		switch o := o.(type) {
		case toRing:
			all = append(all, fmt.Sprint("ring ", o.n))
		case toCancel:
			all = append(all, fmt.Sprint("cancel ", o.n))
		case hasWon:
			all = append(all, fmt.Sprint("won ", o.n))
		case nobodyLeft:
			all = append(all, "nobody")
		}
	}
	return strings.Join(all, ", ")
}

// play gives a hunt what one line of a script says. "at 20" is 20 seconds after the start.
func play(h *hunt, start time.Time, now *time.Time, line string) []order {
	what, arg, _ := strings.Cut(line, " ")
	n, _ := strconv.Atoi(arg)
	switch what {
	case "start":
		return h.start(*now)
	case "answered":
		return h.answered(n, *now)
	case "connected":
		return h.connected(n, *now)
	case "ended":
		return h.ended(n, *now)
	case "at":
		*now = start.Add(time.Duration(n) * time.Second)
		return h.tick(*now)
	case "stop":
		return h.stop(*now)
	}
	panic(line)
}

func TestHunt(t *testing.T) {
	for _, c := range []struct {
		name     string
		how      strategy
		contacts int
		script   string // input: orders
	}{
		{"the first answers", inTurn, 2, "start: ring 0; answered 0: ; connected 0: won 0; ended 0: ; at 99: ; stop: "},
		{"the second answers", inTurn, 3, "start: ring 0; at 19: ; at 20: cancel 0, ring 1; ended 0: ; answered 1: ; connected 1: won 1"},
		{"the first declines", inTurn, 2, "start: ring 0; at 5: ; ended 0: ring 1; at 24: ; at 25: cancel 1; ended 1: nobody"},
		{"nobody in turn", inTurn, 2, "start: ring 0; at 20: cancel 0, ring 1; at 40: cancel 1; ended 1: ; ended 0: nobody"},
		{"an answer is not cut off by time", inTurn, 2, "start: ring 0; at 19: ; answered 0: ; at 30: ; connected 0: won 0"},
		{"an answer that cannot be connected", inTurn, 2, "start: ring 0; answered 0: ; ended 0: ring 1; answered 1: ; connected 1: won 1"},
		{"an answer after its time", inTurn, 2, "start: ring 0; at 20: cancel 0, ring 1; answered 0: ; connected 0: ; ended 0: ; answered 1: ; connected 1: won 1"},
		{"stopped in turn", inTurn, 3, "start: ring 0; stop: cancel 0; ended 0: nobody; stop: "},
		{"stopped at an answer", inTurn, 2, "start: ring 0; answered 0: ; stop: cancel 0; connected 0: ; ended 0: nobody"},
		{"together", together, 3, "start: ring 0, ring 1, ring 2; answered 1: cancel 0, cancel 2; ended 0: ; connected 1: won 1; ended 2: "},
		{"two answer together", together, 2, "start: ring 0, ring 1; answered 1: cancel 0; answered 0: ; connected 0: ; connected 1: won 1; ended 0: "},
		{"one of two declines", together, 2, "start: ring 0, ring 1; ended 0: ; answered 1: ; connected 1: won 1"},
		{"nobody together", together, 2, "start: ring 0, ring 1; at 19: ; at 20: cancel 0, cancel 1; ended 1: ; ended 0: nobody"},
		{"the only answer cannot be connected", together, 2, "start: ring 0, ring 1; answered 1: cancel 0; ended 0: ; ended 1: nobody"},
		{"both rang", together, 2, "start: ring 0, ring 1; connected 1: cancel 0, won 1; answered 1: ; ended 0: "},
		{"stopped together", together, 2, "start: ring 0, ring 1; stop: cancel 0, cancel 1; ended 0: ; ended 1: nobody"},
		{"nobody to ring", together, 0, "start: nobody; stop: "},
	} {
		start := time.Unix(1_800_000_000, 0)
		now, h := start, newHunt(c.how, c.contacts, 20*time.Second)
		for line := range strings.SplitSeq(c.script, ";") {
			in, want, _ := strings.Cut(strings.TrimSpace(line), ":")
			if got := said(play(h, start, &now, in)); got != strings.TrimSpace(want) {
				t.Errorf("%s: %s: %q, want %q", c.name, in, got, strings.TrimSpace(want))
			}
		}
	}
}

// Whatever happens, in whatever order: a contact is rung once at the most, one wins at the most, in turn only one is asked at
// a time, and when all calls have ended the hunt has, too.
func FuzzHunt(f *testing.F) {
	f.Add(uint8(1), []byte{0, 8, 20, 1, 9, 17})
	f.Add(uint8(2), []byte{1, 2, 9, 255, 16, 17, 18, 19})
	f.Fuzz(func(t *testing.T, how uint8, script []byte) {
		const contacts = 4
		now := time.Unix(1_800_000_000, 0)
		h := newHunt(strategy(how%2)+1, contacts, 20*time.Second)
		w := witness{t: t, h: h}
		w.saw(h.start(now))
		for _, b := range script {
			n := int(b) % contacts
			switch b / contacts % 6 {
			case 0:
				w.saw(h.answered(n, now))
			case 1:
				w.saw(h.connected(n, now))
			case 2:
				if w.rung[n] > 0 { // only a call that was begun ends
					w.saw(h.ended(n, now))
				}
			case 3, 4:
				now = now.Add(time.Duration(b) * time.Second / 8)
				w.saw(h.tick(now))
			case 5:
				w.saw(h.stop(now))
			}
		}
		w.saw(h.stop(now))
		for n := range contacts {
			if w.rung[n] > 0 {
				w.saw(h.ended(n, now))
			}
		}
		if !h.done || w.over != 1 {
			t.Errorf("all calls have ended, the hunt has not: %+v", h)
		}
	})
}

// A witness checks the orders of one hunt.
type witness struct {
	t    *testing.T
	h    *hunt
	rung [4]int
	over int
}

func (w *witness) saw(do []order) {
	for _, o := range do {
		if w.over > 0 {
			w.t.Fatalf("%T after the end", o)
		}
		switch o := o.(type) {
		case toRing:
			if w.rung[o.n]++; w.rung[o.n] > 1 {
				w.t.Fatal("rung twice")
			}
		case hasWon, nobodyLeft:
			w.over++
		}
	}
	asked := 0
	for _, s := range w.h.legs {
		if s == legRings || s == legAnswered {
			asked++
		}
	}
	if w.h.how == inTurn && asked > 1 {
		w.t.Fatalf("%d are asked at once", asked)
	}
}
