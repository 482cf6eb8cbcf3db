package memory

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

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

func TestConformanceWhenLate(t *testing.T) {
	signaltest.Run(t, network(Faults{Seed: 1, Delay: 2 * time.Millisecond, Jitter: 3 * time.Millisecond}))
}

// The package promises to work in bubbles, and to leave no goroutine there.
func TestBubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New(Faults{Delay: 50 * time.Millisecond})
		defer n.Close()
		alice, bob, token := n.open(t)
		defer alice.Close()
		defer bob.Close()
		start := time.Now()
		for range 2 {
			if err := alice.Send(t.Context(), token.packet("x")); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			if _, err := bob.Receive(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if d := time.Since(start); d != 50*time.Millisecond {
			t.Errorf("took %v, want 50 ms exactly", d)
		}
	})
}

// way is how to write to a mailbox.
type way struct {
	to    signal.Address
	token signal.Token
}

func (w way) packet(body string) signal.Packet {
	return signal.Packet{To: w.to, Token: w.token, Body: []byte(body)}
}

// open returns a sender without a mailbox and a mailbox that admits a token, at the relay "home".
func (n *Network) open(t *testing.T) (sender, owner *Transport, w way) {
	t.Helper()
	m := signaltest.NewMailbox()
	w = way{m.Address(), signaltest.NewToken()}
	owner, sender = n.Relay("home").Dial(m), n.Relay("home").Dial(nil)
	if err := owner.Admit(t.Context(), [][32]byte{w.token.Hash()}, false); err != nil {
		t.Fatal(err)
	}
	return sender, owner, w
}
