package signaltest_test

import (
	"context"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/memory"
	"github.com/sotto-calls/sotto/signal/signaltest"
)

// broken wraps a transport with one fault that the suite must notice.
type broken struct {
	*memory.Transport
	send    func(t *memory.Transport, ctx context.Context, p signal.Packet) error
	receive func(t *memory.Transport, ctx context.Context) (signal.Packet, error)
}

func (b broken) Send(ctx context.Context, p signal.Packet) error {
	if b.send == nil {
		return b.Transport.Send(ctx, p)
	}
	return b.send(b.Transport, ctx, p)
}

func (b broken) Receive(ctx context.Context) (signal.Packet, error) {
	if b.receive == nil {
		return b.Transport.Receive(ctx)
	}
	return b.receive(b.Transport, ctx)
}

// The suite is worth something if it fails: each fault breaks at least the check that is named.
func TestSuiteNotices(t *testing.T) {
	var kept []signal.Packet
	for _, tt := range []struct {
		fault, check string
		faults       memory.Faults
		broken       broken
	}{
		{fault: "loss", check: "OrderPerSender", faults: memory.Faults{Seed: 1, Drop: 0.05}},
		{fault: "disorder", check: "OrderPerSender", faults: memory.Faults{Seed: 1, Reorder: 0.05, ReorderBy: time.Millisecond}},
		{fault: "changed body", check: "Delivery", faults: memory.Faults{Hook: func(_ signal.Packet, f memory.Fault) memory.Fault {
			f.Body = []byte("other")
			return f
		}}},
		{fault: "an oracle", check: "UniformAnswers", broken: broken{send: func(t *memory.Transport, ctx context.Context, p signal.Packet) error {
			if string(p.Body) == "wrong token" {
				return signal.ErrRejected
			}
			return t.Send(ctx, p)
		}}},
		{fault: "no size limit", check: "SizeLimits", broken: broken{send: func(t *memory.Transport, ctx context.Context, p signal.Packet) error {
			p.Body = p.Body[:min(len(p.Body), signal.MaxBody)]
			return t.Send(ctx, p)
		}}},
		{fault: "late copy", check: "BodyIsNotKept", broken: broken{
			send: func(t *memory.Transport, ctx context.Context, p signal.Packet) error {
				kept = append(kept, p)
				return nil
			},
			receive: func(t *memory.Transport, ctx context.Context) (signal.Packet, error) { return kept[len(kept)-1], nil },
		}},
		{fault: "deaf to cancellation", check: "Cancellation", broken: broken{receive: func(t *memory.Transport, ctx context.Context) (signal.Packet, error) {
			return signal.Packet{}, signal.ErrUnavailable
		}}},
	} {
		t.Run(tt.fault, func(t *testing.T) {
			kept = nil
			relay := memory.New(tt.faults).Relay("home")
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			err := signaltest.Check(ctx, tt.check, func(_ context.Context, m signal.Mailbox) (signal.Transport, error) {
				tt.broken.Transport = relay.Dial(m)
				return tt.broken, nil
			})
			if err == nil {
				t.Errorf("%s passed a transport with %s", tt.check, tt.fault)
			}
		})
	}
}

// deaf is a transport that admits tokens and opens nothing.
type deaf struct {
	signal.Transport
	signal.Registrar
}

// forgetful is a transport whose further mailboxes admit nobody.
type forgetful struct{ *memory.Transport }

func (f forgetful) Open(ctx context.Context, relay string, m signal.Mailbox) (signal.Transport, error) {
	t, err := f.Transport.Open(ctx, relay, m)
	return struct{ signal.Transport }{t}, err
}

// A transport that passes can carry calls.
func TestSuiteAsksForWhatCallsNeed(t *testing.T) {
	for fault, wrap := range map[string]func(*memory.Transport) signal.Transport{
		"no Opener":                  func(t *memory.Transport) signal.Transport { return deaf{t, t} },
		"no Registrar":               func(t *memory.Transport) signal.Transport { return struct{ signal.Transport }{t} },
		"no Registrar in what opens": func(t *memory.Transport) signal.Transport { return forgetful{t} },
	} {
		relay := memory.New(memory.Faults{}).Relay("home")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := signaltest.Check(ctx, "Opener", func(_ context.Context, m signal.Mailbox) (signal.Transport, error) {
			return wrap(relay.Dial(m)), nil
		})
		if err == nil {
			t.Errorf("Opener passed a transport with %s", fault)
		}
	}
}
