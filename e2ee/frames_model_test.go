package e2ee

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// modelMember is one life of a member at a leaf: who comes back is another one.
type modelMember struct {
	*frameSide
	leaf   uint32
	joined uint64 // epoch
	left   uint64 // the first epoch without it, 0 as long as it is there
}

type modelFrame struct {
	of     *modelMember
	epoch  uint64
	sealed []byte
	text   string
	opened bool
}

// frameModel is a call seen by leaf 1, with members that come and go, and the rules of the profile in plain words.
type frameModel struct {
	t       *testing.T
	rng     *rand.Rand
	me      *frameSide
	members map[uint32]*modelMember
	epoch   uint64
	ends    map[uint64]time.Time // when an epoch's keys are to go
	flight  []*modelFrame
	opened  int
	refused int
}

// TestFramesModel runs random calls: epochs change, members are added, removed and replaced, time passes, frames are
// lost, delayed, repeated and forged. Each frame opens exactly when the rules say so.
func TestFramesModel(t *testing.T) {
	for seed := range uint64(20) {
		m := &frameModel{t: t, rng: rand.New(rand.NewPCG(seed, 1)), me: newFrameSide(t, 1),
			members: make(map[uint32]*modelMember), ends: make(map[uint64]time.Time)}
		m.change()
		for range 2000 {
			m.step()
		}
		if m.opened < 200 || m.refused < 100 {
			t.Errorf("seed %d: %d frames opened, %d refused: the model tests little", seed, m.opened, m.refused)
		}
	}
}

func (m *frameModel) step() {
	switch n := m.rng.IntN(100); {
	case n < 3:
		m.change()
	case n < 10:
		m.me.clock.now = m.me.clock.now.Add(time.Duration(m.rng.IntN(1500)) * time.Millisecond)
		m.me.Expire(m.me.clock.now)
	case n < 50:
		m.send()
	default:
		m.deliver()
	}
}

// change is a Commit: each leaf but mine may be left, taken or taken over.
func (m *frameModel) change() {
	m.epoch++
	leaves, removed := []uint32{1}, []uint32(nil)
	now := m.me.clock.now
	if m.epoch > 1 {
		m.ends[m.epoch-1] = now.Add(10 * time.Second)
	}
	for _, leaf := range []uint32{0, 2, 3, 9} {
		old := m.members[leaf]
		stays := m.rng.IntN(4) > 0
		if old != nil && !stays {
			old.left = m.epoch
			delete(m.members, leaf)
			for e := old.joined; e < m.epoch; e++ {
				m.ends[e] = minTime(m.ends[e], now.Add(2*time.Second))
			}
		}
		if (old == nil || !stays) && m.rng.IntN(2) == 0 {
			m.members[leaf] = &modelMember{frameSide: newFrameSide(m.t, leaf), leaf: leaf, joined: m.epoch}
			if old != nil {
				removed = append(removed, leaf)
			}
		}
		if m.members[leaf] != nil {
			leaves = append(leaves, leaf)
		}
	}
	e := FrameEpoch{Number: m.epoch, BaseKey: baseKeyOf(m.epoch), Own: 1, Leaves: leaves, Removed: removed}
	if err := m.me.Install(e); err != nil {
		m.t.Fatal(err)
	}
	for leaf, member := range m.members {
		if member.joined == m.epoch {
			m.me.declare(leaf, micStream)
		}
		member.use(m.epoch, leaves...)
	}
}

// send puts a frame of anyone who ever was a member on the way.
func (m *frameModel) send() {
	var from *modelMember
	if len(m.flight) > 0 && m.rng.IntN(4) == 0 {
		from = m.flight[m.rng.IntN(len(m.flight))].of // perhaps one who was removed and goes on with its old keys
	} else if from = m.members[[]uint32{0, 2, 3, 9}[m.rng.IntN(4)]]; from == nil {
		return
	}
	text := fmt.Sprint("frame ", m.rng.Uint64())
	m.flight = append(m.flight, &modelFrame{of: from, epoch: from.send.Load().number, sealed: from.seal(0, text), text: text})
	if len(m.flight) > 300 {
		m.flight = slices.Delete(m.flight, 0, 100)
	}
}

// deliver brings a frame, whole or with a bit changed, and leaves it in flight for a repetition.
func (m *frameModel) deliver() {
	if len(m.flight) == 0 {
		return
	}
	f := m.flight[m.rng.IntN(len(m.flight))]
	if m.rng.IntN(4) > 0 { // mostly a recent one
		f = m.flight[len(m.flight)-1-m.rng.IntN(min(10, len(m.flight)))]
	}
	sealed, forged := slices.Clone(f.sealed), m.rng.IntN(8) == 0
	if forged {
		sealed[len(sealed)-1-m.rng.IntN(16)] ^= 1
	}
	want := !forged && !f.opened && m.alive(f)
	got, err := m.me.open(f.of.leaf, "0", sealed)
	if want != (err == nil) || want && got != f.text {
		m.t.Fatalf("frame of leaf %d, epoch %d, in epoch %d: %q, %v; want it opened: %v", f.of.leaf, f.epoch, m.epoch, got, err, want)
	}
	if want {
		f.opened = true
		m.opened++
	} else {
		m.refused++
	}
}

// alive: its sender is a member, its epoch one of the last six, and its time not over.
func (m *frameModel) alive(f *modelFrame) bool {
	end, old := m.ends[f.epoch]
	return f.of.left == 0 && f.epoch+oldEpochs >= m.epoch && (!old || m.me.clock.now.Before(end))
}

func minTime(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
