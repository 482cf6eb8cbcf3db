package media

import (
	"context"
	"sync"
)

// A gate says whether a source may be read. It is opened and closed from outside; one goroutine goes through it.
type gate struct {
	mu      sync.Mutex
	open    bool
	changed chan struct{}      // closed and replaced at every change
	cancel  context.CancelFunc // of the Read under way
	idle    bool               // nothing is between Read and the network
}

func newGate() *gate { return &gate{changed: make(chan struct{}), idle: true} }

// set opens or closes the gate. Closing it ends a Read that waits.
func (g *gate) set(open bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.open == open {
		return
	}
	g.open = open
	close(g.changed)
	g.changed = make(chan struct{})
	if !open && g.cancel != nil {
		g.cancel()
	}
}

// enter waits until the gate is open, and returns a context that ends when it closes.
func (g *gate) enter(ctx context.Context) (context.Context, error) {
	for {
		g.mu.Lock()
		if g.open && ctx.Err() == nil {
			read, cancel := context.WithCancel(ctx)
			g.cancel, g.idle = cancel, false
			g.mu.Unlock()
			return read, nil
		}
		changed := g.changed
		g.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// leave says that nothing of what was read is still on its way.
func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.cancel != nil {
		g.cancel()
		g.cancel = nil
	}
	g.idle = true
}

// kick ends a Read under way and leaves the gate as it is.
func (g *gate) kick() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.cancel != nil {
		g.cancel()
	}
}

// rests reports whether nothing is between Read and the network.
func (g *gate) rests() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.idle
}
