package main

import (
	"context"
	"fmt"
	"io"

	"github.com/sotto-calls/sotto/call/calltest"
)

// atOnce is how many attacks run at the same time. Most of their time they wait.
const atOnce = 4

type outcome struct {
	attempt calltest.Attempt
	err     error
}

// interfere tries every attack on a call of its own, and prints a row for each.
func interfere(ctx context.Context, o options, say io.Writer) (any, error) {
	attacks := append(calltest.Attacks(), calltest.MediaAttacks()...)
	fmt.Fprintf(say, "The relay interferes: %d attempts, each with two new people and their call.\n\n", len(attacks))
	outcomes := make([]chan outcome, len(attacks))
	slots := make(chan struct{}, atOnce)
	for i, a := range attacks {
		outcomes[i] = make(chan outcome, 1)
		go func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			got, err := try(ctx, a, o)
			outcomes[i] <- outcome{got, err}
		}()
	}
	var rows []calltest.Attempt
	var failed error
	for i, a := range attacks {
		got := <-outcomes[i] // each ends soon after ctx does
		if got.err != nil {
			if failed == nil {
				failed = fmt.Errorf("%s: %w", a.Name, got.err)
			}
			continue
		}
		rows = append(rows, got.attempt)
		printAttempt(say, i+1, got.attempt)
	}
	if failed != nil {
		return rows, failed
	}
	return rows, verdict(say, rows)
}

// try makes a stage of its own for the attack: relay, TURN server and taps.
func try(ctx context.Context, a calltest.Attack, o options) (calltest.Attempt, error) {
	if err := ctx.Err(); err != nil {
		return calltest.Attempt{}, err
	}
	stage, err := calltest.NewLoopback(o.ring)
	if err != nil {
		return calltest.Attempt{}, err
	}
	got, err := a.Run(ctx, stage.Stage)
	if e := stage.Close(); err == nil {
		err = e
	}
	return got, err
}

func printAttempt(w io.Writer, n int, a calltest.Attempt) {
	fmt.Fprintf(w, "%2d  %-40s %s\n", n, a.Attack, result(a))
	paragraph(w, "tried", fmt.Sprintf("%s (interfered %d×)", a.Tried, a.Acts))
	paragraph(w, "peers", a.Happened...)
	paragraph(w, "why", a.Why...)
	if a.Succeeded {
		paragraph(w, "BROKEN", a.Broken...)
	}
	fmt.Fprintln(w)
}

func result(a calltest.Attempt) string {
	switch {
	case a.Succeeded:
		return "SUCCEEDED"
	case !a.Harmless():
		return "NOT MADE"
	case a.ByPeople:
		return "SEEN BY COMPARING EMOJI, AND BY NOTHING ELSE"
	case !a.Connected:
		return "failed; there was no call"
	}
	return "failed; the call went on"
}

// verdict is an error unless every attack was made and failed.
func verdict(w io.Writer, rows []calltest.Attempt) error {
	succeeded, unmade, prevented := 0, 0, 0
	for _, a := range rows {
		switch {
		case a.Succeeded:
			succeeded++
		case !a.Harmless():
			unmade++
		case !a.Connected:
			prevented++
		}
	}
	fmt.Fprintf(w, "%d attempts: %d succeeded, %d failed; in %d of these there was no call.\n", len(rows), succeeded,
		len(rows)-succeeded-unmade, prevented)
	fmt.Fprintln(w, "A relay can always carry nothing. Whoever was given a false card compares the emoji, or is heard.")
	if succeeded > 0 || unmade > 0 {
		return fmt.Errorf("%d attempts succeeded, %d were not made: see above", succeeded, unmade)
	}
	return nil
}
