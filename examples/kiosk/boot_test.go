package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/signal"
)

// A relay that is away is asked again after 1 s, 2 s, up to a minute, and then every minute.
func TestPersist(t *testing.T) {
	away := fmt.Errorf("no relay: %w", signal.ErrUnavailable)
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var tries []int // seconds after the start
		var told []time.Duration
		err := persist(t.Context(), func() error {
			tries = append(tries, int(time.Since(start).Seconds()))
			if len(tries) == 11 {
				return nil
			}
			return away
		}, func(pause time.Duration, _ error) { told = append(told, pause) })
		want := []int{0, 1, 3, 7, 15, 31, 63, 123, 183, 243, 303}
		if err != nil || !slices.Equal(tries, want) || len(told) != 10 || slices.Max(told) != time.Minute {
			t.Errorf("%v: tried at %v, want %v; pauses of %v", err, tries, want, told)
		}

		refused := errors.New("refused")
		if err := persist(t.Context(), func() error { return refused }, nil); err != refused {
			t.Errorf("what waiting does not mend: %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
		defer cancel()
		start = time.Now()
		err = persist(ctx, func() error { return away }, func(time.Duration, error) {})
		if took := time.Since(start); err != nil || took != 90*time.Second {
			t.Errorf("the end of the program: %v after %v", err, took)
		}
	})
}
