package call_test

import (
	"context"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/call/calltest"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/memory"
)

// An odd transport is memory's, except where a field is set.
type odd struct {
	*memory.Transport
	open func(ctx context.Context) error                    // before a mailbox is opened through it
	send func(ctx context.Context, send func() error) error // in place of send, on transports that it has opened
	next func()                                             // before it waits for a further packet
	ice  func(ctx context.Context)                          // before it says that it has no ICE servers
}

func (o odd) Open(ctx context.Context, relay string, m signal.Mailbox) (signal.Transport, error) {
	if m != nil && o.open != nil {
		if err := o.open(ctx); err != nil {
			return nil, err
		}
	}
	t, err := o.Transport.Open(ctx, relay, m)
	if err != nil || o.send == nil {
		return t, err
	}
	return oddLine{t, t.(signal.Registrar), o.send}, nil
}

func (o odd) Receive(ctx context.Context) (signal.Packet, error) {
	if o.next != nil {
		o.next()
	}
	return o.Transport.Receive(ctx)
}

func (o odd) ICEServers(ctx context.Context) ([]signal.ICEServer, error) {
	if o.ice != nil {
		o.ice(ctx)
	}
	return nil, ctx.Err()
}

type oddLine struct {
	signal.Transport
	signal.Registrar
	send func(ctx context.Context, send func() error) error
}

func (o oddLine) Send(ctx context.Context, p signal.Packet) error {
	return o.send(ctx, func() error { return o.Transport.Send(ctx, p) })
}

// oddly gives the sides of these names such a transport.
func oddly(o odd, names ...string) func(string, *call.Config) {
	return func(name string, c *call.Config) {
		for _, n := range names {
			if n == name {
				o := o
				o.Transport = c.Transports[0].(*memory.Transport)
				c.Transports[0] = o
			}
		}
	}
}

// wait sleeps, or gives up with ctx.
func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// slowAnswer is a relay whose word that it has a packet takes that long to come back.
func slowAnswer(d time.Duration) func(context.Context, func() error) error {
	return func(ctx context.Context, send func() error) error {
		if err := send(); err != nil {
			return err
		}
		return wait(ctx, d)
	}
}

// deaf is media that sends nothing and keeps nothing.
func deaf() call.Media { return call.Media{Receive: newTape().track} }

// speaks is media that sends a microphone for an hour; who uses it says where frames go.
func speaks() call.Media { return call.Media{Send: []media.Source{microphone(180000)}} }

// ring lets Alice ring Bob.
func ring(t *testing.T, n *calltest.Net, m call.Media) (*call.Call, *call.Incoming) {
	t.Helper()
	if m.Receive == nil {
		m.Receive = newTape().track
	}
	c, err := n.Alice.Client.Dial(t.Context(), n.Alice.Peer, m)
	check(t, err)
	in, err := n.Bob.Client.Accept(t.Context())
	check(t, err)
	return c, in
}

// talk is a call of two microphones that last for an hour.
func talk(t *testing.T, o calltest.Options) *pairing {
	t.Helper()
	if o.OneWay == 0 {
		o.OneWay = 20 * time.Millisecond
	}
	return connect(t, calltest.New(t, o), speaks(), speaks())
}

// ended asserts how a call has ended, and how long after start.
func ended(t *testing.T, c *call.Call, want call.EndReason, remote bool, start time.Time, limit time.Duration) {
	t.Helper()
	select {
	case <-c.Done():
	case <-time.After(5 * time.Minute):
		t.Fatalf("a call goes on: %v", c.State())
	}
	e, ok := c.Err().(*call.EndedError)
	if took := time.Since(start); !ok || e.Reason != want || e.Remote != remote || took > limit {
		t.Errorf("ended after %v: %v; want %v (by the other side: %v) within %v", took, c.Err(), want, remote, limit)
	}
}
