package sframe

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"testing"
)

// modelWindow is the window's rule without its tricks.
type modelWindow struct {
	highest uint64
	seen    map[uint64]bool
}

func (m *modelWindow) check(ctr uint64) error {
	switch {
	case len(m.seen) == 0 || ctr > m.highest:
		return nil
	case m.highest-ctr >= WindowSize:
		return ErrTooOld
	case m.seen[ctr]:
		return ErrReplay
	}
	return nil
}

func TestWindowModel(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 3))
	for _, start := range []uint64{0, 1, 1 << 40, math.MaxUint64 - 5000} {
		var w *window
		m := modelWindow{seen: make(map[uint64]bool)}
		at := start
		for range 20_000 {
			ctr := at - min(at, rng.Uint64N(1100)) // near the edge of the window too
			switch rng.IntN(20) {
			case 0:
				ctr = at + min(math.MaxUint64-at, rng.Uint64N(2*WindowSize))
			case 1, 2, 3:
				ctr = at + min(math.MaxUint64-at, 1)
			}
			want := m.check(ctr)
			if got := w.check(ctr); got != want {
				t.Fatalf("counter %d, highest %d: %v, want %v", ctr, m.highest, got, want)
			}
			if want != nil {
				continue
			}
			if w == nil {
				w = &window{highest: ctr}
			}
			w.mark(ctr)
			m.highest, m.seen[ctr] = max(m.highest, ctr), true
			at = m.highest
		}
	}
}

func TestWindowEdges(t *testing.T) {
	w := &window{highest: 5000}
	w.mark(5000)
	for _, c := range []struct {
		ctr  uint64
		want error
	}{
		{5000, ErrReplay}, {4999, nil}, {5000 - WindowSize + 1, nil}, {5000 - WindowSize, ErrTooOld}, {0, ErrTooOld},
		{5001, nil}, {math.MaxUint64, nil},
	} {
		if err := w.check(c.ctr); err != c.want {
			t.Errorf("counter %d: %v, want %v", c.ctr, err, c.want)
		}
	}
	if !errors.Is(ErrTooOld, ErrReplay) {
		t.Error("ErrTooOld is no ErrReplay")
	}
	w.mark(math.MaxUint64)
	if err := w.check(math.MaxUint64); err != ErrReplay {
		t.Errorf("the last counter again: %v", err)
	}
}

// A forwarding server sends authentic frames again, at once and much later.
func TestPitfall09ReplayByForwarder(t *testing.T) {
	// Fails if OpenParsed does not call mark, or if WindowSize frames behind passes without check.
	eachSuite(t, func(t *testing.T, suite Suite) {
		s, o := testPair(t, suite)
		var all [][]byte
		for range 3000 {
			all = append(all, mustSeal(t, s, nil, []byte("x")))
		}
		for i, sealed := range all {
			if _, err := o.Open(nil, nil, sealed); err != nil {
				t.Fatalf("frame %d: %v", i, err)
			}
			if _, err := o.Open(nil, nil, sealed); err != ErrReplay {
				t.Fatalf("frame %d again: %v", i, err)
			}
		}
		for i, sealed := range all {
			if _, err := o.Open(nil, nil, sealed); !errors.Is(err, ErrReplay) {
				t.Fatalf("frame %d much later: %v", i, err)
			}
		}
	})
}

// A forged frame with a far counter must not move the window: authentic ones would be too old then.
func TestPitfall09WindowMovesAfterTheTag(t *testing.T) {
	// Fails if mark is called before decrypt.
	eachSuite(t, func(t *testing.T, suite Suite) {
		s, o := testPair(t, suite)
		first, second := mustSeal(t, s, nil, []byte("1")), mustSeal(t, s, nil, []byte("2"))
		if _, err := o.Open(nil, nil, first); err != nil {
			t.Fatal(err)
		}
		forged := Header{KID: s.KID(), CTR: math.MaxUint64}.Append(nil)
		forged = append(forged, bytes.Repeat([]byte{7}, 50)...)
		for range 100 {
			if _, err := o.Open(nil, nil, forged); err != ErrAuthentication {
				t.Fatal(err)
			}
		}
		bad := bytes.Clone(second)
		bad[len(bad)-1] ^= 1
		if _, err := o.Open(nil, nil, bad); err != ErrAuthentication {
			t.Errorf("forged copy: %v", err)
		}
		if got, err := o.Open(nil, nil, second); err != nil || string(got) != "2" {
			t.Errorf("the authentic one: %q, %v", got, err)
		}
	})
}
