package device

import (
	"context"
	"encoding/binary"
	"sync"
)

// A ring holds sound between the thread of a device, which must not wait, and the goroutine that reads or writes it.
type ring struct {
	moved chan struct{} // holds a token when something was put in or taken out since whoever waits looked last

	mu     sync.Mutex
	data   []int16
	first  int // the oldest sample
	count  int
	failed error
	heard  uint64 // calls by the device
	missed uint64 // samples that were dropped, or that were not there when they had to be played
}

func newRing(capacity int) *ring {
	return &ring{moved: make(chan struct{}, 1), data: make([]int16, capacity)}
}

func (r *ring) wake() {
	select {
	case r.moved <- struct{}{}:
	default:
	}
}

// fail ends the ring: whoever waits, or comes later, gets err. The first one counts.
func (r *ring) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed == nil {
		r.failed = err
	}
	r.wake()
}

// len is how many samples wait, and heard how often the device has called.
func (r *ring) state() (waiting int, heard uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.count, r.heard
}

// record takes samples from a device, native int16. Without room, the oldest go.
func (r *ring) record(b []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.heard++
	for ; len(b) >= 2; b = b[2:] {
		if r.count == len(r.data) {
			r.first = (r.first + 1) % len(r.data)
			r.count--
			r.missed++
		}
		r.data[(r.first+r.count)%len(r.data)] = int16(binary.NativeEndian.Uint16(b))
		r.count++
	}
	r.wake()
}

// play gives samples to a device, and silence where there are none.
func (r *ring) play(b []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.heard++
	for ; len(b) >= 2; b = b[2:] {
		sample := int16(0)
		if r.count > 0 {
			sample = r.data[r.first]
			r.first = (r.first + 1) % len(r.data)
			r.count--
		} else {
			r.missed++
		}
		binary.NativeEndian.PutUint16(b, uint16(sample))
	}
	r.wake()
}

// read waits until there is at least one sample.
func (r *ring) read(ctx context.Context, buf []int16) (int, error) {
	for {
		if n, err := r.take(buf); n > 0 || err != nil || len(buf) == 0 {
			return n, err
		}
		select {
		case <-r.moved:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

func (r *ring) take(buf []int16) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed != nil {
		r.wake()
		return 0, r.failed
	}
	n := min(len(buf), r.count)
	for i := range n {
		buf[i] = r.data[(r.first+i)%len(r.data)]
	}
	r.first = (r.first + n) % len(r.data)
	r.count -= n
	return n, nil
}

// write waits until there is room for all samples.
func (r *ring) write(ctx context.Context, samples []int16) error {
	for {
		n, err := r.put(samples)
		if err != nil {
			return err
		}
		if samples = samples[n:]; len(samples) == 0 {
			return nil
		}
		select {
		case <-r.moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (r *ring) put(samples []int16) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed != nil {
		r.wake()
		return 0, r.failed
	}
	n := min(len(samples), len(r.data)-r.count)
	for i := range n {
		r.data[(r.first+r.count+i)%len(r.data)] = samples[i]
	}
	r.count += n
	return n, nil
}
