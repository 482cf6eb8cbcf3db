package memory

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	mrand "math/rand/v2"
	"net/netip"
	"sync"
	"time"

	"github.com/sotto-calls/sotto/internal/mailbox"
	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/internal/store"
)

// Transport is a mailbox's connection to a relay in memory, or a sender's. It is a signal.Transport, Opener and
// Registrar.
type Transport struct {
	relay    *Relay
	address  signal.Address
	reader   *store.Reader // nil without a mailbox
	rejected bool
	closed   chan struct{}
	arrived  chan struct{} // holds a value when the reader may have more

	mu    sync.Mutex
	draws *mrand.Rand
	cut   chan struct{} // not nil while partitioned; closed by its end
	last  time.Time     // when the last packet that keeps the order is due
	done  bool
}

var (
	_ signal.Transport = (*Transport)(nil)
	_ signal.Opener    = (*Transport)(nil)
	_ signal.Registrar = (*Transport)(nil)
)

// Dial opens the mailbox m, or with m nil a sender without one. If m does not prove that the mailbox is its own, every
// call of the transport returns signal.ErrRejected.
func (r *Relay) Dial(m signal.Mailbox) *Transport { return r.dial(m, signal.NoticeRetention) }

func (r *Relay) dial(m signal.Mailbox, keep time.Duration) *Transport {
	t := &Transport{
		relay: r, draws: r.network.draws(),
		closed: make(chan struct{}), arrived: make(chan struct{}, 1),
	}
	if m == nil {
		return t
	}
	t.address = signal.AddressOf(m)
	if !r.owns(m, t.address) {
		t.rejected = true
		return t
	}
	// Attach fails only at limits that this store does not have, except 64 readers of one mailbox.
	reader, err := r.store.Attach(time.Now(), t.address, store.ReaderID(newID()), netip.Addr{}, keep, t.wake)
	t.reader, t.rejected = reader, err != nil
	return t
}

// owns asks the mailbox for the same proof as a relay in the network does.
func (r *Relay) owns(m signal.Mailbox, address signal.Address) bool {
	origin := "memory://" + r.name
	var challenge [mailbox.ChallengeSize]byte
	rand.Read(challenge[:])
	key, _ := m.PublicKeys()
	return len(key) == ed25519.PublicKeySize &&
		ed25519.Verify(key, mailbox.AuthMessage(origin, challenge, address), m.Answer(origin, challenge))
}

// Send stores the packet, or does what the network's faults say.
func (t *Transport) Send(ctx context.Context, p signal.Packet) error {
	if err := p.Check(); err != nil {
		return err
	}
	if err := t.connected(ctx); err != nil {
		return err
	}
	p.Body = bytes.Clone(p.Body)
	f := t.draw()
	if hook := t.relay.network.faults.Hook; hook != nil {
		f = hook(p, f)
	}
	if f.Body != nil {
		p.Body = bytes.Clone(f.Body)
	}
	if !f.Drop {
		t.carry(p, f)
	}
	return nil
}

func (t *Transport) draw() Fault {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.relay.network.faults.draw(t.draws)
}

// carry hands the packet to the network, not before those that were sent earlier.
func (t *Transport) carry(p signal.Packet, f Fault) {
	t.mu.Lock()
	defer t.mu.Unlock()
	due := time.Now().Add(f.Delay)
	if due.Before(t.last) {
		due = t.last
	}
	t.last = due
	for range 1 + f.Copies {
		t.relay.network.carry(t.relay, store.Item{ID: newID(), Packet: p}, due.Add(f.Late))
	}
}

// Receive returns the next packet of the mailbox.
func (t *Transport) Receive(ctx context.Context) (signal.Packet, error) {
	for {
		if err := t.connected(ctx); err != nil {
			return signal.Packet{}, err
		}
		if p, ok, err := t.next(); ok || err != nil {
			return p, err
		}
		select {
		case <-t.arrived:
		case <-t.closed:
		case <-ctx.Done():
		}
	}
}

func (t *Transport) next() (signal.Packet, bool, error) {
	if t.reader == nil {
		return signal.Packet{}, false, nil
	}
	now := time.Now()
	it, ok, err := t.reader.Next(now)
	if err != nil {
		return signal.Packet{}, false, signal.ErrClosed
	}
	if !ok {
		return signal.Packet{}, false, nil
	}
	p := it.Packet
	p.Body = bytes.Clone(p.Body) // other readers have the same
	t.reader.Ack(now, it.ID)     // also wakes the next Receive
	return p, true, nil
}

// Admit replaces the tokens that may write to the mailbox.
func (t *Transport) Admit(ctx context.Context, tokens [][32]byte, open bool) error {
	if len(tokens) > signal.MaxTokens {
		return fmt.Errorf("%w: %d tokens, limit %d", signal.ErrTooLarge, len(tokens), signal.MaxTokens)
	}
	if err := t.connected(ctx); err != nil {
		return err
	}
	if t.reader == nil {
		return signal.ErrNoMailbox
	}
	if err := t.relay.store.Admit(time.Now(), t.address, tokens, open); err != nil {
		return fmt.Errorf("%w: %w", signal.ErrUnavailable, err)
	}
	return nil
}

// Open connects m to the relay of that name in the same network, which is made if there is none.
func (t *Transport) Open(ctx context.Context, relay string, m signal.Mailbox) (signal.Transport, error) {
	if err := t.connected(ctx); err != nil {
		return nil, err
	}
	r := t.relay
	if relay != "" {
		r = r.network.Relay(relay)
	}
	o := r.dial(m, signal.Retention)
	if o.rejected {
		return nil, signal.ErrRejected
	}
	return o, nil
}

// Relay is the relay's name.
func (t *Transport) Relay() string { return t.relay.name }

// Close detaches the transport from its mailbox.
func (t *Transport) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.done {
		return nil
	}
	t.done = true
	close(t.closed)
	if t.reader != nil {
		t.reader.Leave(time.Now())
	}
	return nil
}

func (t *Transport) wake() {
	select {
	case t.arrived <- struct{}{}:
	default:
	}
}

// newID is random, not drawn from the seed: it decides nothing.
func newID() (id store.ID) {
	rand.Read(id[:])
	return id
}
