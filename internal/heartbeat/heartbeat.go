// Package heartbeat tells a test how long the machine has not let it run: a hole in sound that comes in real time is the
// machine's when nothing ran for as long as a buffer lasts.
package heartbeat

import (
	"sync/atomic"
	"testing"
	"time"
)

// step is how often a heart beats.
const step = 2 * time.Millisecond

// A Heart beats until the test ends. Start starts one. It may be asked from any goroutine.
type Heart struct{ late atomic.Int64 }

// Start starts a heart. No goroutine outlives the test.
func Start(t testing.TB) *Heart {
	h, stop, done := &Heart{}, make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(step)
		defer ticker.Stop()
		for last := time.Now(); ; {
			select {
			case <-ticker.C:
			case <-stop:
				return
			}
			h.late.Store(max(h.late.Load(), int64(time.Since(last)-step)))
			last = time.Now()
		}
	}()
	t.Cleanup(func() { close(stop); <-done })
	return h
}

// Late is by how much a beat came too late, at the worst, since Start or Forget.
func (h *Heart) Late() time.Duration { return time.Duration(h.late.Load()) }

// Forget begins anew.
func (h *Heart) Forget() { h.late.Store(0) }
