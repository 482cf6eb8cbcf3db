package sframe

import (
	"bytes"
	"errors"
	"math"
	"testing"
)

// The examples of section 5.2: E = 4, S = 6.
func TestKIDFormatRFC(t *testing.T) {
	f := KIDFormat{EpochBits: 4, IndexBits: 6}
	for _, c := range []struct {
		epoch uint64
		leaf  uint32
		ctx   uint64
		kid   uint64
	}{
		{14, 3, 0, 0x3e}, {14, 7, 0, 0x7e}, {14, 20, 0, 0x14e}, {15, 3, 0, 0x3f}, {15, 5, 0, 0x5f},
		{16, 2, 2, 0x820}, {16, 2, 3, 0xc20}, {17, 33, 0, 0x211}, {17, 51, 0, 0x331},
	} {
		if kid, err := f.KID(c.ctx, c.leaf, c.epoch); err != nil || kid != c.kid {
			t.Errorf("%+v: %#x, %v", c, kid, err)
		}
		if ctx, leaf, low := f.Split(c.kid); ctx != c.ctx || leaf != c.leaf || low != c.epoch%16 {
			t.Errorf("%+v: split into %d, %d, %d", c, ctx, leaf, low)
		}
	}
}

// Without blank leaves S is the RFC's: the smallest with group_size <= 1 << S.
func TestMLSFormatIsTheRFCs(t *testing.T) {
	for size := 1; size <= 2000; size++ {
		s := 0
		for size > 1<<s {
			s++
		}
		if f := MLSFormat(4, uint32(size-1)); f.IndexBits != s || f.EpochBits != 4 {
			t.Errorf("%d members: %+v, want S = %d", size, f, s)
		}
	}
	if f := MLSFormat(0, math.MaxUint32); f.IndexBits != 32 {
		t.Errorf("%+v", f)
	}
}

// A low leaf is blank: two members at 0 and 5. With the RFC's S = 1 leaf 5 in context 0 has the KID of leaf 1 in context 2.
func TestAttackBlankLowLeaf(t *testing.T) {
	// Fails if MLSFormat takes the number of members: bits.Len32(2-1).
	f := MLSFormat(4, 5)
	seen := make(map[uint64][2]uint64)
	for leaf := range uint32(6) {
		for ctx := range uint64(16) {
			kid, err := f.KID(ctx, leaf, 1)
			if err != nil {
				t.Fatal(err)
			}
			if other, twice := seen[kid]; twice {
				t.Errorf("leaf %d ctx %d has the KID of leaf %d ctx %d", leaf, ctx, other[0], other[1])
			}
			seen[kid] = [2]uint64{uint64(leaf), ctx}
		}
	}
	if _, err := MLSFormat(4, 1).KID(0, 5, 1); !errors.Is(err, ErrKey) {
		t.Errorf("leaf 5 in one bit: %v", err)
	}
}

func TestKIDFormatRefuses(t *testing.T) {
	for _, c := range []struct {
		f    KIDFormat
		ctx  uint64
		leaf uint32
	}{
		{KIDFormat{-1, 1}, 0, 0}, {KIDFormat{17, 1}, 0, 0}, {KIDFormat{4, 33}, 0, 0}, {KIDFormat{4, -1}, 0, 0},
		{KIDFormat{4, 6}, 0, 64}, {KIDFormat{4, 6}, 1 << 54, 0}, {KIDFormat{4, 0}, 0, 1},
	} {
		if _, err := c.f.KID(c.ctx, c.leaf, 0); !errors.Is(err, ErrKey) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

const epochSuite = ChaCha20Poly1305SHA256

func epochOf(number uint64, own uint32) Epoch {
	return Epoch{Number: number, HighestLeaf: 5, Own: own, BaseKey: bytes.Repeat([]byte{byte(number), 1}, 16)}
}

func epochStorePair(t *testing.T, accept func(Sender) bool) (a, b *Epochs) {
	t.Helper()
	a, err1 := NewEpochs(epochSuite, 4, accept)
	b, err2 := NewEpochs(epochSuite, 4, accept)
	if err := errors.Join(err1, err2, a.Add(epochOf(1, 0)), b.Add(epochOf(1, 5))); err != nil {
		t.Fatal(err)
	}
	return a, b
}

func anyone(Sender) bool { return true }

func TestEpochs(t *testing.T) {
	a, b := epochStorePair(t, anyone)
	for ctx := range uint64(3) {
		s, err := a.Sealer(1, ctx)
		if err != nil {
			t.Fatal(err)
		}
		sealed := mustSeal(t, s, []byte("m"), []byte("frame"))
		got, sender, err := b.Open(nil, []byte("m"), sealed)
		if err != nil || string(got) != "frame" || sender != (Sender{Epoch: 1, Leaf: 0, Context: ctx}) {
			t.Errorf("%q of %+v, %v", got, sender, err)
		}
		if _, _, err := b.Open(nil, []byte("m"), sealed); err != ErrReplay {
			t.Errorf("again: %v", err)
		}
		if _, err := a.Sealer(1, ctx); !errors.Is(err, ErrKey) {
			t.Errorf("a second sealer for the same nonces: %v", err)
		}
	}
	if _, err := a.Sealer(2, 0); err != ErrUnknownKey {
		t.Errorf("an epoch that is not there: %v", err)
	}
}

func TestEpochsReplaceSameLowBits(t *testing.T) {
	a, b := epochStorePair(t, anyone)
	s, err := a.Sealer(1, 0)
	if err != nil {
		t.Fatal(err)
	}
	old := mustSeal(t, s, nil, nil)
	if err := b.Add(epochOf(17, 5)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.Open(nil, nil, old); err != ErrAuthentication {
		t.Errorf("a frame of epoch 1 under epoch 17: %v", err)
	}
	for _, number := range []uint64{1, 16, 17, math.MaxUint64} {
		if err := b.Add(epochOf(number, 5)); !errors.Is(err, ErrKey) {
			t.Errorf("epoch %d after 17: %v", number, err)
		}
	}
	b.Remove(17)
	b.Remove(17)
	if _, _, err := b.Open(nil, nil, old); err != ErrUnknownKey {
		t.Errorf("after Remove: %v", err)
	}
	if err := b.Add(epochOf(17, 5)); !errors.Is(err, ErrKey) {
		t.Errorf("epoch 17 again, counters from 0: %v", err)
	}
}

// The own frame comes back, from a server or a peer.
func TestAttackReflectedFrame(t *testing.T) {
	// Fails if Epochs.Open does not compare leaf with Own.
	a, _ := epochStorePair(t, anyone)
	s, err := a.Sealer(1, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := a.Open(nil, nil, mustSeal(t, s, nil, []byte("x"))); err != ErrUnknownKey {
		t.Errorf("opened the own frame: %v", err)
	}
}

// Frames with ever other contexts: nothing is kept of those that are not authentic, and little of those that are.
func TestAttackContextFlood(t *testing.T) {
	// Fails if Open stores the key before it has opened a frame, or without counting.
	asked := 0
	a, b := epochStorePair(t, func(s Sender) bool { asked++; return s.Leaf == 0 })
	k := b.e.byLow[1]
	for ctx := range uint64(500) {
		for leaf := range uint32(8) {
			kid, _ := KIDFormat{4, 3}.KID(ctx, leaf, 1)
			forged := append(Header{KID: kid}.Append(nil), make([]byte, 30)...)
			if _, _, err := b.Open(nil, nil, forged); err == nil {
				t.Fatal("opened a forged frame")
			}
		}
	}
	if len(k.openers) != 0 || asked != 500*5 { // leaves 6 and 7 do not exist, 5 is the own
		t.Errorf("%d keys kept, accept asked %d times", len(k.openers), asked)
	}
	for ctx := range uint64(2 * maxSenderKeys) {
		s, err := a.Sealer(1, ctx)
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = b.Open(nil, nil, mustSeal(t, s, nil, nil))
		if (err == nil) != (ctx < maxSenderKeys) {
			t.Fatalf("context %d: %v", ctx, err)
		}
	}
	if len(k.openers) != maxSenderKeys {
		t.Errorf("%d keys kept", len(k.openers))
	}
	b.Destroy()
	if len(b.e.byLow) != 0 || !bytes.Equal(k.BaseKey, make([]byte, 32)) {
		t.Error("something is left after Destroy")
	}
}

func TestEpochsRefuse(t *testing.T) {
	_, err1 := NewEpochs(epochSuite, 4, nil)
	_, err2 := NewEpochs(epochSuite, 17, anyone)
	_, err3 := NewEpochs(epochSuite, -1, anyone)
	a, _ := epochStorePair(t, anyone)
	short := epochOf(2, 0)
	short.BaseKey = short.BaseKey[:16]
	err4 := a.Add(short)
	err5 := a.Add(epochOf(2, 6))
	for i, err := range []error{err1, err2, err3, err4, err5} {
		if !errors.Is(err, ErrKey) {
			t.Errorf("%d: %v", i, err)
		}
	}
	if _, err := NewEpochs(0, 4, anyone); !errors.Is(err, ErrSuite) {
		t.Errorf("suite 0: %v", err)
	}
	for _, sealed := range [][]byte{nil, {0x02}, {0x01}} {
		if _, _, err := a.Open(nil, nil, sealed); err == nil {
			t.Errorf("%x opened", sealed)
		}
	}
}
