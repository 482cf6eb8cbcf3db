package memory

import (
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/internal/store"
)

// Network is a set of relays that transports reach by name.
type Network struct {
	faults Faults

	mu      sync.Mutex
	relays  map[string]*Relay
	opened  uint64 // transports so far; each has a stream of draws of its own
	pending []late // packets under way, by the time when they are due
	sent    uint64
	timer   *time.Timer
	closed  bool
}

// New returns a network without relays.
func New(f Faults) *Network {
	return &Network{faults: f, relays: map[string]*Relay{}}
}

// Relay returns the relay of this name and makes it if there is none.
func (n *Network) Relay(name string) *Relay {
	n.mu.Lock()
	defer n.mu.Unlock()
	r := n.relays[name]
	if r == nil {
		r = &Relay{network: n, name: name, store: store.New(store.Unlimited())}
		n.relays[name] = r
	}
	return r
}

// Close loses the packets under way. Transports stay usable until they are closed, but nothing more arrives.
func (n *Network) Close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closed, n.pending = true, nil
	if n.timer != nil {
		n.timer.Stop()
	}
}

// draws returns the source of randomness of the next transport.
func (n *Network) draws() *rand.Rand {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.opened++
	return rand.New(rand.NewPCG(n.faults.Seed, n.opened))
}

// late is a packet under way.
type late struct {
	due   time.Time
	n     uint64 // order of sending, for those due at the same time
	relay *Relay
	item  store.Item
}

// carry stores the item when it is due, or at once.
func (n *Network) carry(r *Relay, it store.Item, due time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return
	}
	n.sent++
	l := late{due: due, n: n.sent, relay: r, item: it}
	at, _ := slices.BinarySearchFunc(n.pending, l, compareLate)
	n.pending = slices.Insert(n.pending, at, l)
	n.arriveLocked(time.Now())
}

func compareLate(a, b late) int {
	if c := a.due.Compare(b.due); c != 0 {
		return c
	}
	return int(a.n) - int(b.n)
}

// arriveLocked stores what is due and sets the timer for the rest. Under the lock, so that nothing overtakes.
func (n *Network) arriveLocked(now time.Time) {
	for len(n.pending) > 0 && !now.Before(n.pending[0].due) {
		l := n.pending[0]
		n.pending = slices.Delete(n.pending, 0, 1)
		l.relay.store.Put(now, l.item)
	}
	if len(n.pending) == 0 {
		return
	}
	wait := n.pending[0].due.Sub(now)
	if n.timer != nil {
		n.timer.Reset(wait)
		return
	}
	n.timer = time.AfterFunc(wait, func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		if !n.closed {
			n.arriveLocked(time.Now())
		}
	})
}

// Relay is one relay of the network.
type Relay struct {
	network *Network
	name    string
	store   *store.Store
}

// Name is the name by which transports reach the relay.
func (r *Relay) Name() string { return r.name }

// Stats counts what the relay has stored.
func (r *Relay) Stats() signal.Stats { return r.store.Stats() }

// Inject stores a packet as if it had just arrived from a sender of its own: what a hostile relay can do, to replay,
// reorder or invent. Tokens count as ever.
func (r *Relay) Inject(p signal.Packet) {
	r.store.Put(time.Now(), store.Item{ID: newID(), Packet: p})
}
