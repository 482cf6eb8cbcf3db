package main

import (
	"testing"
	"testing/synctest"
	"time"
)

// What is still on its way back is waited for, also over a pause in which the machine stood still; what does not come back is not
// waited for without end. Mutation: one quiet tick is enough.
func TestAwaitEcho(t *testing.T) {
	const ms = time.Millisecond
	for name, c := range map[string]struct {
		sent uint64
		came []time.Duration // when each frame comes back
		took time.Duration
		want uint64 // are back in the end
	}{
		"all are back":          {2, []time.Duration{0, 0}, settle, 2},
		"all come":              {3, []time.Duration{0, 300 * ms, 500 * ms}, 3 * settle, 3},
		"a pause before one":    {2, []time.Duration{0, 700 * ms}, 3 * settle, 2},
		"a pause in the middle": {3, []time.Duration{300 * ms, 1100 * ms, 1300 * ms}, 5 * settle, 3},
		"one is lost":           {2, []time.Duration{0}, 2 * settle, 1},
		"nothing comes":         {2, nil, 2 * settle, 0},
		"it comes without end":  {1, []time.Duration{0, 300 * ms, 700 * ms, 1100 * ms, 1500 * ms, 1900 * ms, 2300 * ms}, linger, 6},
	} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			back := func() (n uint64) {
				for _, at := range c.came {
					if time.Since(start) >= at {
						n++
					}
				}
				return n
			}
			awaitEcho(t.Context(), c.sent, back)
			if took, got := time.Since(start), back(); took != c.took || got != c.want {
				t.Errorf("%s: %d are back after %v, want %d after %v", name, got, took, c.want, c.took)
			}
		})
	}
}
