package websocket

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/sotto-calls/sotto/internal/queue"
	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/internal/store"
)

// Bounds of what a relay can make a client hold.
const (
	maxWaiting = 256  // packets that Receive has not taken; an honest relay's window is 64
	maxSeen    = 4096 // ids remembered to drop repetitions; more than a mailbox takes in a minute
)

// inbox holds packets that were delivered and not yet received, and drops those that were delivered before.
type inbox struct {
	waiting *queue.Queue[arrival]
	ack     func(store.ID)

	mu    sync.Mutex
	seen  map[store.ID]bool // whether Receive has taken it
	order []store.ID        // of seen, the oldest first
}

type arrival struct {
	id     store.ID
	packet signal.Packet
	at     time.Time
}

func newInbox(ack func(store.ID)) *inbox {
	return &inbox{waiting: queue.New[arrival](), ack: ack, seen: map[store.ID]bool{}}
}

// put takes a delivery. A repetition of what was received is acknowledged again: the relay missed it the first time.
func (i *inbox) put(now time.Time, id store.ID, p signal.Packet) error {
	i.waiting.DropWhile(func(a arrival) bool { return a.stale(now) })
	if i.waiting.Len() >= maxWaiting {
		return fmt.Errorf("websocket: the relay delivers more than %d packets without an acknowledgement", maxWaiting)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if taken, again := i.seen[id]; again {
		if taken {
			i.ack(id)
		}
		return nil
	}
	if len(i.order) >= maxSeen {
		delete(i.seen, i.order[0])
		i.order = i.order[1:]
	}
	i.seen[id] = false
	i.order = append(i.order, id)
	i.waiting.Put(arrival{id: id, packet: p, at: now})
	return nil
}

// stale reports whether the packet waited so long that the relay, too, has given it up.
func (a arrival) stale(now time.Time) bool {
	return a.packet.Class == signal.ClassCall && now.Sub(a.at) >= signal.Retention
}

// get returns the next packet and acknowledges it.
func (i *inbox) get(ctx context.Context) (signal.Packet, error) {
	for {
		a, err := i.waiting.Get(ctx)
		if err != nil {
			return signal.Packet{}, err
		}
		if a.stale(time.Now()) {
			continue
		}
		i.take(a.id)
		return a.packet, nil
	}
}

func (i *inbox) take(id store.ID) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if _, ok := i.seen[id]; ok {
		i.seen[id] = true
	}
	i.ack(id)
}
