package e2ee

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/sotto-calls/sotto/e2ee/sframe"
)

func TestFramesBothWays(t *testing.T) {
	alice, bob := framePair(t)
	for i := range 20 {
		bob.wantOpen(0, "0", alice.seal(0, fmt.Sprint("audio ", i)), fmt.Sprint("audio ", i))
		alice.wantOpen(1, "1", bob.seal(1, fmt.Sprint("video ", i)), fmt.Sprint("video ", i))
	}
	if st := alice.Stats(); st.Sealed != 20 || st.Opened != 20 || st.Dropped() != 0 || st.EpochFrames != 20 {
		t.Errorf("%+v", st)
	}
}

// The media layer makes sealers and openers first, keys and declarations come later.
func TestFramesBeforeKeys(t *testing.T) {
	alice, bob := newFrameSide(t, 0), newFrameSide(t, 1)
	sealer, opener := alice.Sealer(0), bob.Opener(0, "0")
	if out, err := sealer.Seal([]byte("dst"), nil, []byte("frame")); !errors.Is(err, ErrNoKey) || string(out) != "dst" {
		t.Errorf("sealed %q without a key: %v", out, err)
	}
	alice.install(1, 0, 1)
	if _, err := sealer.Seal(nil, nil, []byte("frame")); !errors.Is(err, ErrNoKey) {
		t.Errorf("sealed before SwitchSend: %v", err)
	}
	if err := alice.SwitchSend(1); err != nil {
		t.Fatal(err)
	}
	sealed, err := sealer.Seal(nil, nil, []byte("frame"))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed, []byte("frame")) {
		t.Error("the frame is readable")
	}
	if _, err := opener.Open(nil, nil, sealed); !errors.Is(err, ErrNoKey) {
		t.Errorf("opened without a key: %v", err)
	}
	bob.install(1, 0, 1)
	if _, err := opener.Open(nil, nil, sealed); !errors.Is(err, ErrUndeclared) {
		t.Errorf("opened an undeclared stream: %v", err)
	}
	bob.declare(0, micStream)
	if got, err := opener.Open([]byte("dst "), nil, sealed); err != nil || string(got) != "dst frame" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestFramesSameObject(t *testing.T) {
	f := NewFrames(frameSuite, nil)
	sealer, opener := f.Sealer(3), f.Opener(1, "a")
	if f.Sealer(3) != sealer || f.Sealer(4) == sealer {
		t.Error("a ctx has one sealer")
	}
	if f.Opener(1, "a") != opener || f.Opener(2, "a") == opener || f.Opener(1, "b") == opener {
		t.Error("a section has one opener")
	}
}

// The KIDs are the profile's: ctx << (S+4) | leaf << 4 | epoch & 15, with S from the highest occupied leaf.
func TestFramesKID(t *testing.T) {
	for _, c := range []struct {
		epoch  uint64
		own    uint32
		leaves []uint32
		ctx    uint16
		want   uint64
	}{
		{1, 0, []uint32{0, 1}, 0, 0x01},
		{1, 1, []uint32{0, 1}, 0, 0x11},
		{1, 1, []uint32{0, 1}, 2, 2<<5 | 0x11},
		{16, 0, []uint32{0, 1}, 1, 1 << 5},
		{7, 0, []uint32{0}, 3, 3<<4 | 7},
		{18, 5, []uint32{0, 5}, 4095, 4095<<7 | 5<<4 | 2}, // leaves 1 to 4 are blank: S is 3, not 1
	} {
		f := newFrameSide(t, c.own)
		f.use(c.epoch, c.leaves...)
		if h, _, err := sframe.ParseHeader(f.seal(c.ctx, "x")); err != nil || h.KID != c.want || h.CTR != 0 {
			t.Errorf("%+v: %+v, %v", c, h, err)
		}
	}
}

func TestFramesDestroy(t *testing.T) {
	alice, bob := framePair(t)
	sealed := alice.seal(0, "frame")
	bob.wantOpen(0, "0", alice.seal(0, "frame"), "frame")
	alice.Destroy()
	bob.Destroy()
	bob.Destroy()
	if _, err := alice.Sealer(0).Seal(nil, nil, []byte("x")); !errors.Is(err, ErrNoKey) {
		t.Errorf("seal: %v", err)
	}
	if _, err := bob.open(0, "0", sealed); !errors.Is(err, ErrNoKey) {
		t.Errorf("open: %v", err)
	}
	if err := bob.Install(FrameEpoch{Number: 2, BaseKey: baseKeyOf(2), Own: 1, Leaves: []uint32{0, 1}}); !errors.Is(err, ErrDestroyed) {
		t.Errorf("install: %v", err)
	}
	if err := errors.Join(bob.SwitchSend(1), bob.Declare(0, nil)); !errors.Is(err, ErrDestroyed) {
		t.Errorf("switch, declare: %v", err)
	}
}

func TestFramesOtherSuites(t *testing.T) {
	for _, suite := range []sframe.Suite{sframe.AES128GCMSHA256, sframe.AES256GCMSHA512} {
		a, b := NewFrames(suite, nil), NewFrames(suite, nil)
		key := bytes.Repeat([]byte{7}, suite.KeySize())
		for own, f := range []*Frames{a, b} {
			e := FrameEpoch{Number: 1, BaseKey: key, Own: uint32(own), Leaves: []uint32{0, 1}}
			if err := errors.Join(f.Install(e), f.SwitchSend(1), f.Declare(0, []Stream{micStream})); err != nil {
				t.Fatal(err)
			}
		}
		sealed, err := a.Sealer(0).Seal(nil, nil, []byte("frame"))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := b.Opener(0, "0").Open(nil, nil, sealed); err != nil || string(got) != "frame" {
			t.Errorf("%v: %q, %v", suite, got, err)
		}
	}
}

func TestFramesAllocate(t *testing.T) {
	alice, bob := framePair(t)
	sealer, opener := alice.Sealer(1), bob.Opener(0, "1")
	clear, frame := []byte{1}, make([]byte, 1200)
	sealed, opened := make([]byte, 0, 2000), make([]byte, 0, 2000)
	if n := testing.AllocsPerRun(200, func() {
		out, err := sealer.Seal(sealed, clear, frame)
		if err == nil {
			_, err = opener.Open(opened, clear, out)
		}
		if err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations per frame", n)
	}
	garbage := append([]byte{0xff}, bytes.Repeat([]byte{0x55}, 100)...)
	if n := testing.AllocsPerRun(200, func() { _, _ = opener.Open(opened, clear, garbage) }); n != 0 {
		t.Errorf("%v allocations per bad frame", n)
	}
}
