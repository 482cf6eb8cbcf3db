package device

import (
	"image"
	"sync"
	"sync/atomic"
	"time"
)

// A shot is a picture and when it was taken.
type shot struct {
	picture *image.YCbCr
	at      time.Time
	first   bool // after the device was opened: the encoder begins anew
}

// newest hands pictures from the goroutine that takes them to the one that encodes them. Only the newest waits: who is late
// gets no older ones. Three pictures go round: one is being taken, one waits, one is being encoded; so either
// side may have one at a time.
type newest struct {
	ready   chan struct{} // holds a token while a picture waits
	dropped atomic.Uint64

	mu      sync.Mutex
	waiting *shot
	spare   []*shot
}

func newNewest(width, height int) *newest {
	n := &newest{ready: make(chan struct{}, 1)}
	for range 3 {
		n.spare = append(n.spare, &shot{picture: newPicture(width, height)})
	}
	return n
}

// blank returns a shot to fill.
func (n *newest) blank() *shot {
	n.mu.Lock()
	defer n.mu.Unlock()
	s := n.spare[len(n.spare)-1]
	n.spare = n.spare[:len(n.spare)-1]
	return s
}

// put makes s the one that waits. What it takes the place of is lost, but not that it was the first.
func (n *newest) put(s *shot) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if old := n.waiting; old != nil {
		s.first = s.first || old.first
		n.spare = append(n.spare, old)
		n.dropped.Add(1)
	}
	n.waiting = s
	select {
	case n.ready <- struct{}{}:
	default:
	}
}

// take returns the shot that waits, or nil.
func (n *newest) take() *shot {
	n.mu.Lock()
	defer n.mu.Unlock()
	s := n.waiting
	n.waiting = nil
	return s
}

// give takes a shot back.
func (n *newest) give(s *shot) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.spare = append(n.spare, s)
}

// forget drops what waits: it was taken before a pause.
func (n *newest) forget() {
	if s := n.take(); s != nil {
		n.give(s)
	}
}
