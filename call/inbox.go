package call

import (
	"context"
	"sync"
)

// A fifo is an unbounded queue with one consumer. What goes in is bounded elsewhere: by what a relay and a connection
// let through, or by what the application asks for.
type fifo[T any] struct {
	mu     sync.Mutex
	items  []T
	closed bool
	ready  chan struct{} // holds one value while there may be something to take
}

func newFIFO[T any]() *fifo[T] { return &fifo[T]{ready: make(chan struct{}, 1)} }

// put never blocks. After end it does nothing.
func (q *fifo[T]) put(v T) {
	q.mu.Lock()
	if !q.closed {
		q.items = append(q.items, v)
	}
	q.mu.Unlock()
	q.wake()
}

// end lets the consumer take what is there, and then learn that nothing follows.
func (q *fifo[T]) end() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.wake()
}

func (q *fifo[T]) wake() {
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// take returns the next item; more is false when none will ever come.
func (q *fifo[T]) take() (v T, ok, more bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.items) == 0 {
		return v, false, !q.closed
	}
	v, q.items = q.items[0], q.items[1:]
	if len(q.items) == 0 {
		q.items = nil
	}
	return v, true, true
}

// next waits for an item. ok is false when none will ever come.
func (q *fifo[T]) next(ctx context.Context) (v T, ok bool, err error) {
	for {
		v, ok, more := q.take()
		if ok || !more {
			q.wake() // another consumer may wait for the same news
			return v, ok, nil
		}
		select {
		case <-q.ready:
		case <-ctx.Done():
			return v, false, ctx.Err()
		}
	}
}
