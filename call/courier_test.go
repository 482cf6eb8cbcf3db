package call

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/signal"
)

// A stubborn relay takes one kind of packet alone.
type stubborn struct {
	signal.Transport
	takes string
	mu    sync.Mutex
	took  int
}

func (s *stubborn) Send(_ context.Context, p signal.Packet) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if string(p.Body) != s.takes {
		return signal.ErrThrottled
	}
	s.took++
	return nil
}

// taken is how many packets it took.
func (s *stubborn) taken() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.took
}

// TestACourierIsBounded: of what may be left out no more waits than maxPending, all of what must go does, and the last
// packet of a call waits for nothing that may be left out, also not for the one that is being tried.
// Mutations: sendSpare without maxPending; last without hurry; deliver without its look at hurried.
func TestACourierIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		relay := &stubborn{takes: "bye"}
		var left atomic.Int64
		c := newCourier(t.Context(), relay, func() { left.Add(1) })
		for range 10000 {
			c.sendSpare(signal.Packet{Body: []byte("again")})
		}
		time.Sleep(time.Minute)
		if n := c.pending.Len(); n > maxPending || n < maxPending-1 || left.Load() < 10000-maxPending-1 {
			t.Errorf("%d wait, %d were left out", n, left.Load())
		}
		c.send(signal.Packet{Body: []byte("bye")}, nil)
		time.Sleep(time.Minute + time.Second) // not just when the next try is due
		if n := c.pending.Len(); n < maxPending || relay.taken() != 0 {
			t.Errorf("%d wait, %d taken: what must go was left out, or has overtaken", n, relay.taken())
		}
		c.last(signal.Packet{Body: []byte("bye")})
		time.Sleep(10 * time.Millisecond)
		if relay.taken() != 2 || left.Load() != 10000 {
			t.Errorf("%d taken, %d left out", relay.taken(), left.Load())
		}
		c.finish()
		<-c.done
	})
}

// TestFinishWaitsForWhatMustGo: a call's end by its finish alone does the same. Mutation: finish without hurry.
func TestFinishWaitsForWhatMustGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		relay := &stubborn{takes: "decline"}
		c := newCourier(t.Context(), relay, func() {})
		for range maxPending {
			c.sendSpare(signal.Packet{Body: []byte("ringing")})
		}
		c.send(signal.Packet{Body: []byte("decline")}, nil)
		c.finish()
		select {
		case <-c.done:
		case <-time.After(time.Second):
			t.Error("it waits for what may be left out")
		}
		if relay.taken() != 1 {
			t.Errorf("%d taken", relay.taken())
		}
	})
}

// TestAPaceLetsABurstThrough: a burst, then one for each interval, and a rest saves up no more than the burst again.
// Mutations: allow without saved; with every in place of (burst-1)*every.
func TestAPaceLetsABurstThrough(t *testing.T) {
	var p pace
	now := time.Now()
	count := func(d time.Duration) (n int) {
		for end := now.Add(d); now.Before(end); now = now.Add(time.Millisecond) {
			if p.allow(now, 100*time.Millisecond, 5) {
				n++
			}
		}
		return n
	}
	if n := count(time.Second); n != 5+9 {
		t.Errorf("%d in the first second, want 14", n)
	}
	now = now.Add(time.Hour)
	if n := count(time.Second); n != 5+9 {
		t.Errorf("%d in a second after an hour, want 14", n)
	}
}
