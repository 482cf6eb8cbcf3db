package memory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/signaltest"
)

// run sends n numbered packets in a bubble and returns what arrives, in the order of arrival.
func run(t *testing.T, f Faults, n int) (arrived []string) {
	synctest.Test(t, func(t *testing.T) {
		network := New(f)
		defer network.Close()
		sender, owner, w := network.open(t)
		defer sender.Close()
		defer owner.Close()
		for i := range n {
			if err := sender.Send(t.Context(), w.packet(fmt.Sprintf("%04d", i))); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		for {
			p, err := owner.Receive(ctx)
			if err != nil {
				return
			}
			arrived = append(arrived, string(p.Body))
		}
	})
	return arrived
}

func TestFaultsToOrder(t *testing.T) {
	const n = 1000
	for _, tt := range []struct {
		name         string
		faults       Faults
		least, most  int  // packets that arrive
		sorted, uniq bool // in order; without repetition
	}{
		{"none", Faults{}, n, n, true, true},
		{"drop", Faults{Seed: 3, Drop: 0.1}, 860, 940, true, true},
		{"duplicate", Faults{Seed: 3, Duplicate: 0.1}, 1060, 1140, true, false},
		{"reorder", Faults{Seed: 3, Reorder: 0.1}, n, n, false, true},
		{"jitter keeps the order", Faults{Seed: 3, Jitter: time.Second}, n, n, true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := run(t, tt.faults, n)
			if len(got) < tt.least || len(got) > tt.most {
				t.Errorf("%d packets, want %d to %d", len(got), tt.least, tt.most)
			}
			if sorted := slices.IsSorted(got); sorted != tt.sorted {
				t.Errorf("in order: %t, want %t", sorted, tt.sorted)
			}
			set := map[string]bool{}
			for _, b := range got {
				set[b] = true
			}
			if uniq := len(set) == len(got); uniq != tt.uniq {
				t.Errorf("without repetition: %t, want %t", uniq, tt.uniq)
			}
		})
	}
}

func TestSameSeedSameFaults(t *testing.T) {
	f := Faults{Seed: 42, Drop: 0.2, Duplicate: 0.2, Reorder: 0.2, Jitter: 20 * time.Millisecond}
	first := strings.Join(run(t, f, 300), " ")
	if again := strings.Join(run(t, f, 300), " "); again != first {
		t.Error("the same seed gave other faults")
	}
	f.Seed++
	if other := strings.Join(run(t, f, 300), " "); other == first {
		t.Error("another seed gave the same faults")
	}
}

func TestHookDecidesOnEachPacket(t *testing.T) {
	f := Faults{Drop: 1, Hook: func(p signal.Packet, f Fault) Fault {
		switch string(p.Body) {
		case "0001":
			return Fault{Copies: 1}
		case "0002":
			return Fault{Late: time.Second}
		case "0003":
			return Fault{Body: []byte("changed")}
		case "0004":
			return Fault{}
		}
		return f
	}}
	got := strings.Join(run(t, f, 6), " ")
	if want := "0001 0001 changed 0004 0002"; got != want {
		t.Errorf("arrived %q, want %q", got, want)
	}
}

func TestPartition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New(Faults{})
		defer n.Close()
		sender, owner, w := n.open(t)
		defer sender.Close()
		defer owner.Close()
		owner.Partition()
		if err := sender.Send(t.Context(), w.packet("held")); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := owner.Receive(ctx); !errors.Is(err, signal.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Receive while cut off: %v", err)
		}
		sender.Partition()
		sent := make(chan error, 1)
		go func() { sent <- sender.Send(t.Context(), w.packet("waited")) }()
		synctest.Wait()
		owner.Heal()
		if p, err := owner.Receive(t.Context()); err != nil || string(p.Body) != "held" {
			t.Errorf("after Heal: %v, %v", p, err)
		}
		sender.Heal()
		if err := <-sent; err != nil {
			t.Errorf("Send that waited: %v", err)
		}
		if p, err := owner.Receive(t.Context()); err != nil || string(p.Body) != "waited" {
			t.Errorf("second: %v, %v", p, err)
		}
		owner.Partition()
		go owner.Close()
		if _, err := owner.Receive(t.Context()); !errors.Is(err, signal.ErrClosed) {
			t.Errorf("Close while cut off: %v", err)
		}
	})
}

// Pitfall 25: a stale ring replayed from a queue. It fails when Next stops looking at expires: the relay would then hand
// out an Invite after a minute.
func TestPitfall25NothingOlderThanAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New(Faults{})
		defer n.Close()
		sender, owner, w := n.open(t)
		defer sender.Close()
		defer owner.Close()
		notice := w.packet("missed call")
		notice.Class = signal.ClassNotice
		for _, p := range []signal.Packet{w.packet("old ring"), notice} {
			if err := sender.Send(t.Context(), p); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(signal.Retention)
		if p, err := owner.Receive(t.Context()); err != nil || string(p.Body) != "missed call" {
			t.Errorf("after a minute: %q, %v", p.Body, err)
		}
	})
}

type liar struct{ *signaltest.Mailbox }

func (liar) Answer(string, [32]byte) []byte { return make([]byte, 64) }

func TestOwnershipIsProven(t *testing.T) {
	tr := New(Faults{}).Relay("home").Dial(liar{signaltest.NewMailbox()})
	if _, err := tr.Receive(t.Context()); !errors.Is(err, signal.ErrRejected) {
		t.Errorf("Receive: %v, want ErrRejected", err)
	}
}
