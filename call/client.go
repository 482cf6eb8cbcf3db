package call

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/internal/queue"
)

// A Client is one identity that can ring and be rung. Make it with NewClient, and Close it.
type Client struct {
	config  Config
	mailbox *e2ee.Mailbox
	ctx     context.Context // ends with the client
	stop    context.CancelFunc
	readers sync.WaitGroup // of the identity's mailbox, and what they started
	ringing *queue.Queue[*Incoming]
	leaving sync.WaitGroup // calls that are not among calls any more, and not done

	mu        sync.Mutex // guards what follows
	closed    bool
	calls     map[callKey]*Call
	deciding  map[e2ee.ID]int // Invites of theirs that are being looked at
	invites   e2ee.InviteCache
	cancelled map[callKey]cancellation
	counts    ClientStats
}

// A callKey names a call: an id alone can be chosen by anyone.
type callKey struct {
	peer e2ee.ID
	id   [32]byte
}

// A cancellation that came before its Invite was among the calls.
type cancellation struct {
	ref hash
	at  time.Time
}

// ClientStats counts what became of the packets that came to the identity's mailbox. Nothing in it names anyone.
type ClientStats struct {
	Packets   uint64 // in all
	Refused   uint64 // did not open, verify or fit
	Replayed  uint64 // seen before
	Stale     uint64 // of another time
	Ignored   uint64 // Admit said so
	Declined  uint64 // Admit said so, or all lines were busy
	Rang      uint64
	Malformed uint64 // of an admitted caller
}

// NewClient starts to read the identity's mailbox on all transports, which it owns from now on. Every fault of the
// configuration is reported, as ErrConfig.
func NewClient(config Config) (*Client, error) {
	config, err := config.prepare()
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	c := &Client{config: config, mailbox: config.Identity.Mailbox(), ctx: ctx, stop: stop, ringing: queue.New[*Incoming](),
		calls: make(map[callKey]*Call), deciding: make(map[e2ee.ID]int), cancelled: make(map[callKey]cancellation)}
	for _, t := range config.Transports {
		c.readers.Add(2)
		go c.read(t)
		go c.register(t)
	}
	if contacts := config.Contacts; contacts != nil && contacts.Path() != "" {
		c.readers.Add(1)
		go c.watch(contacts)
	}
	return c, nil
}

// Accept waits for the next call that rings. It fails with ctx's error, or with ErrClosed.
func (c *Client) Accept(ctx context.Context) (*Incoming, error) {
	for {
		in, err := c.ringing.Get(ctx)
		switch {
		case errors.Is(err, queue.ErrClosed):
			return nil, ErrClosed
		case err != nil:
			return nil, err
		case in.call.State() == StateRinging:
			return in, nil
		}
	}
}

// Incoming yields the calls that ring, until ctx ends or the client is closed.
func (c *Client) Incoming(ctx context.Context) iter.Seq[*Incoming] {
	return func(yield func(*Incoming) bool) {
		for {
			in, err := c.Accept(ctx)
			if err != nil || !yield(in) {
				return
			}
		}
	}
}

// Stats is a snapshot of the counters.
func (c *Client) Stats() ClientStats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts
}

// Close ends every call, stops reading the mailbox, closes the transports, and returns when all is done, in a few
// seconds at the most. It is idempotent and may be called from any goroutine except the functions of Config and Media.
func (c *Client) Close() error {
	c.mu.Lock()
	c.closed = true
	calls := make([]*Call, 0, len(c.calls))
	for _, k := range c.calls {
		calls = append(calls, k)
	}
	c.mu.Unlock()
	for _, k := range calls {
		k.hang(Closed)
	}
	c.stop() // ends what still waits for a relay: calls on their way out or in
	for _, k := range calls {
		<-k.done
	}
	c.leaving.Wait()
	var err error
	for _, t := range c.config.Transports {
		if e := t.Close(); e != nil && err == nil {
			err = e
		}
	}
	c.readers.Wait()
	c.ringing.End()
	return err
}

// enter registers a call. It fails when the client is closed, or when an incoming one finds all lines busy.
func (c *Client) enter(k *Call, limit int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return ErrClosed
	}
	key := k.key()
	switch {
	case limit > 0 && len(c.calls) >= limit:
		return errBusy
	case c.calls[key] != nil:
		return errTaken // a call under way is never replaced
	case k.look().role == caller && c.ringsUs(k.peer):
		return fmt.Errorf("%w: they ring already; answer that call", ErrState)
	}
	c.calls[key] = k
	return nil
}

// ringsUs says whether this identity waits for our answer, or will in a moment. The lock is held.
func (c *Client) ringsUs(id e2ee.ID) bool {
	if c.deciding[id] > 0 {
		return true
	}
	for key, call := range c.calls {
		if key.peer == id && call.incoming() && !call.unwanted && call.State() <= StateRinging {
			return true
		}
	}
	return false
}

// leave forgets a call that has ended. Close waits until left is called.
func (c *Client) leave(k *Call) (left func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leaving.Add(1)
	if key := k.key(); c.calls[key] == k {
		delete(c.calls, key)
	}
	return c.leaving.Done
}

// renamed makes an outgoing call the incoming one of this id, which its other side dialled at the same time.
func (c *Client) renamed(k *Call, id [32]byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	old, key := k.key(), callKey{k.peer, id}
	if c.closed {
		return ErrClosed
	}
	if c.calls[key] != nil {
		return errTaken
	}
	delete(c.calls, old)
	k.change(func(v *view) { v.id, v.role, v.conn = id, callee, nil })
	c.calls[key] = k
	return nil
}

func (c *Client) count(f func(*ClientStats)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f(&c.counts)
}
