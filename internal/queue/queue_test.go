package queue

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
)

func TestOrder(t *testing.T) {
	q := New[int]()
	for i := range 100 {
		q.Put(i)
	}
	if q.Len() != 100 {
		t.Fatalf("length %d", q.Len())
	}
	for i := range 100 {
		if v, err := q.Get(t.Context()); err != nil || v != i {
			t.Fatalf("item %d: %d, %v", i, v, err)
		}
	}
}

func TestDropWhile(t *testing.T) {
	q := New[int]()
	for i := range 10 {
		q.Put(i)
	}
	q.DropWhile(func(v int) bool { return v < 4 })
	if v, err := q.Get(t.Context()); err != nil || v != 4 || q.Len() != 5 {
		t.Fatalf("first %d, %v, %d left", v, err, q.Len())
	}
}

// Whoever gives up may have taken the signal that was for another: it is passed on, for an item and for the end.
func TestGivingUpKeepsNoSignal(t *testing.T) {
	for name, put := range map[string]func(*Queue[int]){"an item": func(q *Queue[int]) { q.Put(1) }, "the end": (*Queue[int]).End} {
		q := New[int]()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		put(q)
		<-q.ready // as a Get does that waits
		if _, _, err := q.take(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
		if len(q.ready) == 0 {
			t.Errorf("%s: whoever waits is not woken", name)
		}
	}
}

// It fails when take does not signal again for the items that are left: the second reader would sleep for ever.
func TestSeveralReadersLoseNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New[int]()
		var mu sync.Mutex
		seen := map[int]int{}
		for range 4 {
			go func() {
				for {
					v, err := q.Get(t.Context())
					if err != nil {
						return
					}
					mu.Lock()
					seen[v]++
					mu.Unlock()
				}
			}()
		}
		synctest.Wait()
		for i := range 1000 {
			q.Put(i)
		}
		synctest.Wait()
		if len(seen) != 1000 {
			t.Errorf("%d of 1000 items", len(seen))
		}
		q.Close()
	})
}

func TestGetEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New[int]()
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 2)
		go func() { _, err := q.Get(ctx); ended <- err }()
		synctest.Wait()
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("after cancel: %v", err)
		}
		go func() { _, err := q.Get(t.Context()); ended <- err }()
		synctest.Wait()
		q.Close()
		q.Close()
		if err := <-ended; !errors.Is(err, ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
		q.Put(1)
		if _, err := q.Get(t.Context()); !errors.Is(err, ErrClosed) {
			t.Errorf("Put after Close: %v", err)
		}
	})
}
