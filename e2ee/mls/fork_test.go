package mls_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/sotto-calls/sotto/e2ee/mls"
)

// agreed checks that all who live are in one state, whose roster they are.
func (w *world) agreed() error {
	var live []*peer
	for _, p := range w.peers {
		if !p.crashed {
			live = append(live, p)
		}
	}
	for _, p := range live {
		switch first := live[0]; {
		case p.failed:
			return fmt.Errorf("%d has failed", p.id)
		case p.group == nil:
			return fmt.Errorf("%d is still outside", p.id)
		case string(p.group.EpochAuthenticator()) != string(first.group.EpochAuthenticator()):
			return fmt.Errorf("%d is in epoch %d, %d in another %d", first.id, first.group.Epoch(), p.id, p.group.Epoch())
		case len(p.group.Roster()) != len(live):
			return fmt.Errorf("%d members, %d live", len(p.group.Roster()), len(live))
		}
	}
	return nil
}

// settle waits for agreement.
func (w *world) settle() {
	w.t.Helper()
	var err error
	for range settleIn {
		w.run(1)
		if err = w.agreed(); err == nil {
			return
		}
	}
	w.t.Errorf("after %d s: %v", settleIn, err)
}

func TestForksHeal(t *testing.T) {
	for n := 3; n <= 8; n++ {
		for seed := range uint64(4) {
			t.Run(fmt.Sprintf("%d members, seed %d", n, seed), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, n, seed)
				w.settle()
				for range 3 {
					for i := range w.side {
						w.side[i] = w.r.IntN(2)
					}
					w.loss = w.r.Float64() / 4
					w.run(5 + w.r.IntN(60))
					if w.r.IntN(3) == 0 {
						w.peers[w.r.IntN(n)].crashed = true
					}
					clear(w.side)
					w.loss = 0
					w.settle()
				}
			})
		}
	}
}

// A seed that fails can be run again: it has one history. It fails when the model goes through a map while it draws.
func TestSeedIsOneHistory(t *testing.T) {
	history := func() string {
		var b strings.Builder
		w := newWorld(t, 8, 1)
		for second := range 120 {
			for i := range w.side {
				w.side[i] = 0
				if i > 2 && second > 20 && second < 60 {
					w.side[i] = 1
				}
			}
			w.run(1)
			for _, l := range w.queue {
				fmt.Fprintln(&b, second, l.at, l.from, l.to, l.epoch)
			}
			for _, p := range w.peers {
				if p.group == nil {
					continue
				}
				for _, m := range p.group.Roster() {
					fmt.Fprintln(&b, p.id, m.Leaf, idOf(m))
				}
			}
		}
		return b.String()
	}
	if once, again := history(), history(); once != again {
		t.Error("two histories of one seed")
	}
}

func TestEquivocationIsSeen(t *testing.T) {
	for n := 4; n <= 8; n++ {
		w := newWorld(t, n, uint64(n))
		w.settle()
		w.hostile = 0
		w.peers[0].commit(mls.CommitOptions{}, nil)
		w.run(30)
		for _, p := range w.peers[1:] {
			if !p.failed {
				t.Errorf("of %d, %d goes on in epoch %d", n, p.id, p.group.Epoch())
			}
		}
	}
}

func TestCommitFromAboveIsRefused(t *testing.T) {
	w := newWorld(t, 5, 1)
	w.settle()
	c, err := w.peers[3].group.Commit(mls.CommitOptions{Proposals: []mls.Proposal{mls.Remove(0)}})
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{0, 1, 2, 4} {
		if _, err := w.peers[i].group.Handle(c.Message); !errors.Is(err, mls.ErrPolicy) {
			t.Errorf("%d: %v", i, err)
		}
	}
}
