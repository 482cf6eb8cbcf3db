// Package queue is a first-in, first-out queue without a bound between goroutines. Who puts never waits; the bound, where
// the other side is not trusted, is the caller's (see Len).
package queue

import (
	"context"
	"errors"
	"sync"
)

// ErrClosed is returned by Get once the queue is closed, also while items are left, or has ended and is empty.
var ErrClosed = errors.New("queue: closed")

// Queue passes items from any number of goroutines to any number of others. The zero value is not usable.
type Queue[T any] struct {
	closed chan struct{}
	ready  chan struct{} // holds one value whenever an item may be there

	mu    sync.Mutex
	items []T
	done  bool // closed
	ended bool // nothing is added any more
}

// New returns an empty queue.
func New[T any]() *Queue[T] {
	return &Queue[T]{closed: make(chan struct{}), ready: make(chan struct{}, 1)}
}

// Put appends v. After End or Close it does nothing.
func (q *Queue[T]) Put(v T) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.done || q.ended {
		return
	}
	q.items = append(q.items, v)
	q.signal()
}

// Get removes the oldest item; it waits for one, for the end of ctx, or for Close.
func (q *Queue[T]) Get(ctx context.Context) (T, error) {
	for {
		if v, ok, err := q.take(ctx); ok || err != nil {
			return v, err
		}
		select {
		case <-q.ready:
		case <-q.closed:
		case <-ctx.Done():
		}
	}
}

func (q *Queue[T]) take(ctx context.Context) (v T, ok bool, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.done:
		return v, false, ErrClosed
	case ctx.Err() != nil:
		if len(q.items) > 0 || q.ended {
			q.signal() // the signal may have been for us, and somebody else waits
		}
		return v, false, ctx.Err()
	case len(q.items) == 0 && q.ended:
		q.signal() // for the next who waits
		return v, false, ErrClosed
	case len(q.items) == 0:
		return v, false, nil
	}
	v = q.items[0]
	var zero T
	q.items[0] = zero // the array may live on: let go of what it points to
	q.items = q.items[1:]
	if len(q.items) > 0 {
		q.signal()
	}
	return v, true, nil
}

// TryGet removes the oldest item if there is one; it never waits.
func (q *Queue[T]) TryGet() (v T, ok bool) {
	v, ok, _ = q.take(context.Background())
	return v, ok
}

// Ready receives a value when TryGet may find an item, for a consumer that selects. It is meant for one consumer.
func (q *Queue[T]) Ready() <-chan struct{} { return q.ready }

// End lets what is left be taken, and ends every Get with ErrClosed after that. It may be called again.
func (q *Queue[T]) End() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ended = true
	q.signal()
}

// DropWhile removes items from the front as long as f says so.
func (q *Queue[T]) DropWhile(f func(T) bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := 0
	for n < len(q.items) && f(q.items[n]) {
		n++
	}
	clear(q.items[:n])
	q.items = q.items[n:]
}

// Len is the number of items.
func (q *Queue[T]) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.items)
}

// Close drops what is left and ends every Get with ErrClosed. It may be called again.
func (q *Queue[T]) Close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.done {
		return
	}
	q.done, q.items = true, nil
	close(q.closed)
}

func (q *Queue[T]) signal() {
	select {
	case q.ready <- struct{}{}:
	default:
	}
}
