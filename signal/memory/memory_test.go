package memory

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/signaltest"
)

func network(f Faults) func(t *testing.T) signaltest.Dial {
	return func(t *testing.T) signaltest.Dial {
		n := New(f)
		t.Cleanup(n.Close)
		return func(_ context.Context, m signal.Mailbox) (signal.Transport, error) {
			return n.Relay("home").Dial(m), nil
		}
	}
}

func TestConformance(t *testing.T) { signaltest.Run(t, network(Faults{})) }

func TestConformanceWithDuplicates(t *testing.T) {
	signaltest.Run(t, network(Faults{Seed: 1, Duplicate: 0.3}))
}

var _ = synctest.Test
