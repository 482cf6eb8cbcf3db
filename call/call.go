package call

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/internal/queue"
	"github.com/sotto-calls/sotto/media"
)

// A Call is one side of a call for two. Client.Dial and Incoming.Answer return it.
type Call struct {
	client *Client
	peer   e2ee.ID
	inbox  *queue.Queue[any] // what the loop takes: inputs, letters, events of the connection, tasks
	events *queue.Queue[Event]
	done   chan struct{}

	unwanted bool // an incoming call that is declined at once; set before others see the call

	unread flood // messages of the data channel that the loop has not taken
	kept   flood // weight of events by the other side's will that the application has not taken

	mu   sync.Mutex // guards view
	view view
}

// A view is what others than the loop may see of a call.
type view struct {
	id      [32]byte
	role    role
	state   State
	emoji   [7]e2ee.Emoji
	checked bool // emoji are there
	roster  []Participant
	epoch   uint64
	conn    *media.Conn
	frames  *e2ee.Frames
	ended   *EndedError
	dropped uint64
	abort   context.CancelFunc // ends what waits for the network while no loop runs (glare)
	hung    EndReason          // Hangup or Close was called; 0: not yet

	crossing *crossing // an Invite that came while nobody had answered ours (glare); nil: none
}

func newCall(c *Client, r role, peer e2ee.ID, id [32]byte) *Call {
	return &Call{client: c, peer: peer, inbox: queue.New[any](), events: queue.New[Event](), done: make(chan struct{}),
		view: view{id: id, role: r}}
}

func (c *Call) post(v any) { c.inbox.Put(v) }

func (c *Call) look() view {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.view
}

func (c *Call) change(f func(*view)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f(&c.view)
}

func (c *Call) key() callKey   { return callKey{c.peer, c.look().id} }
func (c *Call) incoming() bool { return c.look().role == callee }

// ID names the call on both sides.
func (c *Call) ID() [32]byte { return c.look().id }

// Peer is who is at the other end: every message of the call is signed by this identity.
func (c *Call) Peer() e2ee.ID { return c.peer }

// State is where the call stands now.
func (c *Call) State() State { return c.look().state }

// Done is closed when the call has ended, all its goroutines too, and its keys are gone.
func (c *Call) Done() <-chan struct{} { return c.done }

// Err is nil until Done is closed, and then an *EndedError.
func (c *Call) Err() error {
	if e := c.look().ended; e != nil {
		return e
	}
	return nil
}

// Next waits for the next event. After Ended it fails with the *EndedError, before with ctx's error.
func (c *Call) Next(ctx context.Context) (Event, error) {
	ev, err := c.events.Get(ctx)
	c.kept.out(weight(ev))
	if errors.Is(err, queue.ErrClosed) {
		<-c.done
		return nil, c.Err()
	}
	return ev, err
}

// Events yields the events of the call, in order, until Ended or the end of ctx. It has one consumer.
func (c *Call) Events(ctx context.Context) iter.Seq[Event] {
	return func(yield func(Event) bool) {
		for {
			ev, err := c.Next(ctx)
			if err != nil || !yield(ev) {
				return
			}
		}
	}
}

// Emoji are the 7 pictures that both sides see if nobody is in between; ok is false until the keys are there. Compare
// them by voice, and then call e2ee.Contacts.Verify: later calls with that identity need no new comparison.
func (c *Call) Emoji() (emoji [7]e2ee.Emoji, ok bool) {
	v := c.look()
	return v.emoji, v.checked
}

// Roster lists who holds the keys of the call, this side included: the members of the MLS group, and nobody else.
func (c *Call) Roster() []Participant { return slices.Clone(c.look().roster) }

// Stats is a snapshot of a call's counters. No address and no key is in it.
type Stats struct {
	Media   media.Stats
	Frames  e2ee.FrameStats
	Epoch   uint64 // of the group
	Dropped uint64 // messages: malformed, repeated, at the wrong time; and of ours, those left out while a relay takes none
}

// Stats is a snapshot.
func (c *Call) Stats() Stats {
	v := c.look()
	s := Stats{Epoch: v.epoch, Dropped: v.dropped}
	if v.conn != nil {
		s.Media = v.conn.Stats()
	}
	if v.frames != nil {
		s.Frames = v.frames.Stats()
	}
	return s
}

// drainTime bounds how long Hangup waits for the last frames to arrive.
const drainTime = 2 * time.Second

// Hangup ends the call politely: what was sent may arrive, the other side is told, and confirms. It returns when the
// call has ended, or with ctx's error, and then the call ends by itself in a few seconds. reason is Left, or what fits.
func (c *Call) Hangup(ctx context.Context, reason EndReason) error {
	if _, ok := reasonNames[reason]; !ok {
		reason = Left
	}
	v := c.look()
	if v.state == StateConnected && v.conn != nil {
		c.fallSilent(ctx, v.conn)
	}
	c.hang(reason)
	select {
	case <-c.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// fallSilent stops the sources for good, and waits for the last frames. The call ends whether or not they arrive.
func (c *Call) fallSilent(ctx context.Context, conn *media.Conn) {
	silent := make(chan error, 1)
	c.post(task(func(l *loop) {
		l.leaving = true
		c.quiet(conn)
		silent <- nil
	}))
	if c.await(ctx, silent) != nil {
		return
	}
	drain, cancel := context.WithTimeout(ctx, drainTime)
	defer cancel()
	_ = conn.Drain(drain)
}

// quiet stops the sources, so that what is under way can arrive and nothing is added.
func (c *Call) quiet(conn *media.Conn) {
	within(quietTime, func() {
		for _, s := range conn.Streams() {
			_ = conn.SetMuted(s.Ctx, true) // a stream that has ended already is as quiet
		}
	})
}

// Close ends the call now and returns when every goroutine of it has ended, within a few seconds. It is idempotent and
// may be called from any goroutine but those of the functions in Media.
func (c *Call) Close() error {
	c.hang(Closed)
	<-c.done
	return nil
}

// hang ends the call from outside the loop.
func (c *Call) hang(r EndReason) {
	c.post(inHangup{r})
	c.change(func(v *view) {
		v.hung = r
		if v.abort != nil {
			v.abort()
		}
	})
}

// abandon ends a call whose loop never ran: why, unless it was hung up.
func (c *Call) abandon(cause error) {
	if r := c.look().hung; r != 0 {
		c.finished(Ended{Reason: r})
		return
	}
	c.finished(Ended{Reason: Unreachable, Err: cause})
}

// finished publishes the end: the view, the last event, Done, in this order.
func (c *Call) finished(e Ended) {
	defer c.client.leave(c)()
	var unanswered *crossing
	c.change(func(v *view) {
		if v.role == caller && v.state <= StateRinging {
			unanswered = v.crossing
		}
		v.crossing = nil
		v.state, v.ended = StateEnded, &EndedError{Reason: e.Reason, Remote: e.Remote, Cause: e.Err}
	})
	c.events.Put(e)
	c.events.End()
	c.inbox.End()
	for v, ok := c.inbox.TryGet(); ok; v, ok = c.inbox.TryGet() {
		if a, ok := v.(answered); ok {
			within(stopTime, a.media.close) // nobody will
		}
	}
	if unanswered != nil {
		c.client.recall(*unanswered)
	}
	close(c.done)
}
