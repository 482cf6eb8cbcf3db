package sframe

import (
	"bytes"
	"errors"
	"math"
	"testing"
)

func ratchetPair(t *testing.T, r RatchetFormat) (*RatchetSealer, *RatchetOpener) {
	t.Helper()
	s, err := NewRatchetSealer(ChaCha20Poly1305SHA256, r, 3, pattern(32))
	if err != nil {
		t.Fatal(err)
	}
	generation, step, key := s.State()
	o, err := NewRatchetOpener(ChaCha20Poly1305SHA256, r, generation, step, key)
	if err != nil {
		t.Fatal(err)
	}
	return s, o
}

func advance(t *testing.T, s *RatchetSealer, steps int) {
	t.Helper()
	for range steps {
		if err := s.Ratchet(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRatchetFormat(t *testing.T) {
	for _, c := range []struct {
		r                     RatchetFormat
		generation, step, kid uint64
	}{
		{1, 0, 0, 0}, {1, 0, 3, 1}, {4, 5, 2, 0x52}, {4, 5, 18, 0x52}, {8, 1, 255, 0x1ff}, {32, 1<<32 - 1, 1<<32 - 1, math.MaxUint64},
	} {
		kid, err := c.r.KID(c.generation, c.step)
		generation, low := c.r.Split(c.kid)
		if err != nil || kid != c.kid || generation != c.generation || low != c.step%(1<<c.r) {
			t.Errorf("%+v: KID %#x, %v; split into %d, %d", c, kid, err, generation, low)
		}
	}
	for _, r := range []RatchetFormat{-1, 0, 33, 64} {
		if _, err := r.KID(0, 0); !errors.Is(err, ErrKey) {
			t.Errorf("R = %d: %v", r, err)
		}
	}
	if _, err := RatchetFormat(4).KID(1<<60, 0); !errors.Is(err, ErrKey) {
		t.Errorf("generation of 61 bits over 4: %v", err)
	}
}

// The receiver follows through many turns of the step's low bits, for every R, whatever the stride within its bound.
func TestRatchetFollows(t *testing.T) {
	for r := RatchetFormat(1); r <= 9; r++ {
		s, o := ratchetPair(t, r)
		for i := range 80 {
			advance(t, s, 1+i%int(o.r.jump))
			sealed := mustSeal(t, s, nil, []byte("x"))
			if _, err := o.Open(nil, nil, sealed); err != nil {
				t.Fatalf("R = %d, turn %d, step %d after %d: %v", r, i, s.s.step, o.Step(), err)
			}
			if o.Step() != s.s.step {
				t.Fatalf("R = %d: step %d, want %d", r, o.Step(), s.s.step)
			}
			if _, err := o.Open(nil, nil, sealed); err != ErrReplay {
				t.Fatalf("again: %v", err)
			}
		}
	}
}

func TestRatchetLateFrames(t *testing.T) {
	s, o := ratchetPair(t, 4)
	var late [][]byte
	for range 8 {
		late = append(late, mustSeal(t, s, nil, []byte("x")))
		advance(t, s, 1)
	}
	if _, err := o.Open(nil, nil, mustSeal(t, s, nil, nil)); err != nil {
		t.Fatal(err)
	}
	for i, sealed := range late { // of steps 0 to 7, at step 8: 4 of them are kept
		_, err := o.Open(nil, nil, sealed)
		if i < 4 && err == nil || i >= 4 && err != nil {
			t.Errorf("frame of step %d at step 8: %v", i, err)
		}
	}
	advance(t, s, 1)
	if _, err := o.Open(nil, nil, mustSeal(t, s, nil, nil)); err != nil {
		t.Fatal(err)
	}
	o.Forget()
	if _, err := o.Open(nil, nil, late[7]); err != ErrUnknownKey {
		t.Errorf("after Forget: %v", err)
	}
}

// A header with a later step makes the receiver derive, but moves nothing unless the frame is authentic.
func TestPitfall12RatchetMovesAfterTheTag(t *testing.T) {
	// Fails if Open calls advance whatever OpenParsed says.
	s, o := ratchetPair(t, 8)
	derived := 0
	for round := range 1000 {
		for low := range uint64(256) {
			kid, _ := RatchetFormat(8).KID(3, low)
			forged := append(Header{KID: kid, CTR: uint64(round)}.Append(nil), bytes.Repeat([]byte{9}, 40)...)
			if _, err := o.Open(nil, nil, forged); err == nil {
				t.Fatal("opened a forged frame")
			}
		}
		derived = max(derived, len(o.r.openers))
	}
	if o.Step() != 0 || derived != 1+maxRatchetJump {
		t.Errorf("step %d, %d keys; want 0 and %d", o.Step(), derived, 1+maxRatchetJump)
	}
	if _, err := o.Open(nil, nil, mustSeal(t, s, nil, []byte("x"))); err != nil {
		t.Errorf("the authentic frame of step 0: %v", err)
	}
}

// Far steps, other generations and shortened frames derive nothing at all.
func TestPitfall12RatchetJumpIsBounded(t *testing.T) {
	// Fails if locate does not compare with jump, or Open derives before it looks at the length.
	s, o := ratchetPair(t, 8)
	advance(t, s, maxRatchetJump+1)
	other, err := NewRatchetSealer(ChaCha20Poly1305SHA256, 8, 4, pattern(32))
	if err != nil {
		t.Fatal(err)
	}
	near, _ := RatchetFormat(8).KID(3, 5)
	for name, c := range map[string]struct {
		sealed []byte
		want   error
	}{
		"17 steps ahead":   {mustSeal(t, s, nil, nil), ErrUnknownKey},
		"other generation": {mustSeal(t, other, nil, nil), ErrUnknownKey},
		"short":            {Header{KID: near}.Append(nil), ErrMalformed},
		"nothing":          {nil, ErrMalformed},
	} {
		if _, err := o.Open(nil, nil, c.sealed); err != c.want {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if len(o.r.openers) != 1 {
		t.Errorf("%d keys were derived", len(o.r.openers)-1)
	}
}

// Who joins is told the state of now and cannot open what was sent before.
func TestRatchetForwardSecrecy(t *testing.T) {
	s, _ := ratchetPair(t, 4)
	before := mustSeal(t, s, nil, []byte("before"))
	advance(t, s, 3)
	generation, step, key := s.State()
	o, err := NewRatchetOpener(ChaCha20Poly1305SHA256, 4, generation, step, key)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.Open(nil, nil, before); err == nil {
		t.Error("opened a frame from before")
	}
	if got, err := o.Open(nil, nil, mustSeal(t, s, nil, []byte("after"))); err != nil || string(got) != "after" {
		t.Errorf("%q, %v", got, err)
	}
	kept := s.s.key.b
	s.Destroy()
	s.Destroy()
	o.Destroy()
	o.Destroy()
	if !bytes.Equal(kept, make([]byte, 32)) {
		t.Error("the base key is not wiped")
	}
}
