package websocket

import (
	"slices"
	"sync"

	"github.com/sotto-calls/sotto/signal/internal/store"
)

// outbox holds what waits to be written, and what was written and waits for an answer. The latter is written again on
// each new connection, in the same order and with the same ids.
type outbox struct {
	ready chan struct{} // holds a value when there is something to write

	mu      sync.Mutex
	n       uint64
	pending []*request
	next    int // index in pending of the first that this connection has not seen
	acks    []store.ID
	admit   *admitFrame // repeated on each connection, before everything else
	closed  bool
}

// request is a frame that the relay answers.
type request struct {
	n      uint64
	frame  frame
	answer chan frame // takes one
}

func newOutbox() *outbox { return &outbox{ready: make(chan struct{}, 1)} }

// ask queues a frame under the next number. For the answer, wait on the request's channel; forget it with drop.
func (o *outbox) ask(numbered func(n uint64) frame) *request {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.n++
	r := &request{n: o.n, frame: numbered(o.n), answer: make(chan frame, 1)}
	if a, ok := r.frame.(*admitFrame); ok {
		o.admit = &admitFrame{Hashes: a.Hashes, Open: a.Open}
	}
	o.pending = append(o.pending, r)
	o.signal()
	return r
}

// answered hands an answer to its request. Numbers that nobody waits for are ignored: the caller gave up.
func (o *outbox) answered(n uint64, f frame) {
	if r := o.remove(n); r != nil {
		r.answer <- f
	}
}

// drop forgets a request: it is not written again.
func (o *outbox) drop(r *request) { o.remove(r.n) }

func (o *outbox) remove(n uint64) *request {
	o.mu.Lock()
	defer o.mu.Unlock()
	i := slices.IndexFunc(o.pending, func(r *request) bool { return r.n == n })
	if i < 0 {
		return nil
	}
	r := o.pending[i]
	o.pending = slices.Delete(o.pending, i, i+1)
	if i < o.next {
		o.next--
	}
	return r
}

// ack queues an acknowledgement. It is lost with the connection: the relay then delivers again, and is told again.
func (o *outbox) ack(id store.ID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.acks = append(o.acks, id)
	o.signal()
}

// rewind begins a new connection: it returns the admission to be written first, or nil.
func (o *outbox) rewind() *admitFrame {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.next, o.acks = 0, nil
	o.signal()
	return o.admit
}

// take returns the next frame to write, nil if there is none.
func (o *outbox) take() frame {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.acks) > 0 {
		f := &ackFrame{ID: o.acks[0][:]}
		o.acks = o.acks[1:]
		return f
	}
	if o.next < len(o.pending) && !o.closed {
		o.next++
		return o.pending[o.next-1].frame
	}
	return nil
}

// close ends the writing of anything but acknowledgements.
func (o *outbox) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
}

func (o *outbox) signal() {
	select {
	case o.ready <- struct{}{}:
	default:
	}
}
