package sframe

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// testPair is a sealer and the opener of its frames.
func testPair(t testing.TB, suite Suite) (*Sealer, *Opener) {
	t.Helper()
	s, err := NewSealer(suite, 0x123, pattern(32))
	if err != nil {
		t.Fatal(err)
	}
	o, err := NewOpener(suite, 0x123, pattern(32))
	if err != nil {
		t.Fatal(err)
	}
	return s, o
}

func eachSuite(t *testing.T, f func(t *testing.T, suite Suite)) {
	for _, suite := range allSuites() {
		t.Run(suite.String(), func(t *testing.T) { f(t, suite) })
	}
}

func TestRoundTrip(t *testing.T) {
	eachSuite(t, func(t *testing.T, suite Suite) {
		s, o := testPair(t, suite)
		for _, n := range []int{0, 1, 15, 16, 17, 511, 512, 513, 1200, 60_000} {
			frame := bytes.Repeat([]byte("frame"), n/5+1)[:n]
			sealed := mustSeal(t, s, []byte("metadata"), frame)
			if len(sealed) > n+suite.Overhead() {
				t.Errorf("%d bytes sealed to %d", n, len(sealed))
			}
			if n > 15 && bytes.Contains(sealed, frame) {
				t.Error("the frame is readable")
			}
			if got, err := o.Open(nil, []byte("metadata"), sealed); err != nil || !bytes.Equal(got, frame) {
				t.Errorf("%d bytes: opened %d, %v", n, len(got), err)
			}
		}
	})
}

// Every byte of a sealed frame and of its metadata is authenticated, and nothing moves when it is not authentic.
func TestPitfall08EveryByteIsAuthenticated(t *testing.T) {
	// Fails if OpenParsed leaves the header or the metadata out of the AAD.
	eachSuite(t, func(t *testing.T, suite Suite) {
		s, o := testPair(t, suite)
		metadata := []byte{1, 2, 3}
		sealed := mustSeal(t, s, metadata, []byte("frame"))
		for i := range sealed {
			for bit := range 8 {
				bad := bytes.Clone(sealed)
				bad[i] ^= 1 << bit
				if got, err := o.Open([]byte("dst"), metadata, bad); err == nil || string(got) != "dst" {
					t.Fatalf("byte %d bit %d changed: %q, %v", i, bit, got, err)
				}
			}
		}
		for _, bad := range [][]byte{nil, {1, 2}, {1, 2, 3, 0}, {1, 2, 4}} {
			if _, err := o.Open(nil, bad, sealed); err != ErrAuthentication {
				t.Errorf("metadata %v: %v", bad, err)
			}
		}
		if o.k.window != nil {
			t.Error("a forged frame made a window")
		}
		if _, err := o.Open(nil, metadata, sealed); err != nil {
			t.Errorf("the authentic one after all these: %v", err)
		}
	})
}

func TestTruncatedOrExtended(t *testing.T) {
	eachSuite(t, func(t *testing.T, suite Suite) {
		s, o := testPair(t, suite)
		sealed := mustSeal(t, s, nil, []byte("frame"))
		header := Header{KID: 0x123}.Len()
		for n := range len(sealed) {
			want := ErrAuthentication
			if n < header+suite.TagSize() {
				want = ErrMalformed
			}
			if _, err := o.Open(nil, nil, sealed[:n:n]); err != want {
				t.Errorf("cut to %d: %v, want %v", n, err, want)
			}
		}
		if _, err := o.Open(nil, nil, append(bytes.Clone(sealed), 0)); err != ErrAuthentication {
			t.Errorf("extended: %v", err)
		}
	})
}

func TestUnknownKey(t *testing.T) {
	s, _ := testPair(t, ChaCha20Poly1305SHA256)
	o, err := NewOpener(ChaCha20Poly1305SHA256, 0x124, pattern(32))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.Open(nil, nil, mustSeal(t, s, nil, []byte("x"))); err != ErrUnknownKey {
		t.Errorf("another KID: %v", err)
	}
}

// A suite's id is in its key labels: the same base key and KID give other keys and salts, and what one seals no other opens.
func TestPitfall14SuitesDoNotMix(t *testing.T) {
	// Fails if label leaves the suite out.
	seen := make(map[string]Suite)
	for _, a := range allSuites() {
		key, salt, err := schedule(suites[a], a, 1, pattern(32))
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{string(key[:16]), string(salt)} {
			if b, twice := seen[secret]; twice {
				t.Errorf("%v and %v share a key or salt", a, b)
			}
			seen[secret] = a
		}
		for _, b := range allSuites() {
			s, _ := testPair(t, a)
			_, o := testPair(t, b)
			if _, err := o.Open(nil, nil, mustSeal(t, s, nil, pattern(40))); (err == nil) != (a == b) {
				t.Errorf("sealed with %v, opened with %v: %v", a, b, err)
			}
		}
	}
}

// Each KID has a key and a salt of its own, from one base key: streams never share a nonce.
func TestPitfall10KeyAndSaltPerKID(t *testing.T) {
	// Fails if label leaves the KID out.
	seen := make(map[string]bool)
	for kid := range uint64(100) {
		key, salt, err := schedule(suites[ChaCha20Poly1305SHA256], ChaCha20Poly1305SHA256, kid, pattern(32))
		if err != nil || seen[string(key)] || seen[string(salt)] {
			t.Fatalf("KID %d: %v, or seen before", kid, err)
		}
		seen[string(key)], seen[string(salt)] = true, true
	}
}

// Counters only count up, from where they were resumed, and end at the last one.
func TestPitfall11CounterEnds(t *testing.T) {
	// Fails if Seal lets the counter wrap: drop the line that sets done.
	s, err := ResumeSealer(ChaCha20Poly1305SHA256, 1, pattern(32), math.MaxUint64-2)
	if err != nil {
		t.Fatal(err)
	}
	o, err := NewOpener(ChaCha20Poly1305SHA256, 1, pattern(32))
	if err != nil {
		t.Fatal(err)
	}
	for i := range uint64(3) {
		if want := (Header{KID: 1, CTR: math.MaxUint64 - 2 + i}).Len(); s.HeaderLen() != want {
			t.Errorf("HeaderLen %d, want %d", s.HeaderLen(), want)
		}
		sealed := mustSeal(t, s, nil, []byte("x"))
		if h, _, err := ParseHeader(sealed); err != nil || h.CTR != math.MaxUint64-2+i {
			t.Errorf("frame %d: %+v, %v", i, h, err)
		}
		if _, err := o.Open(nil, nil, sealed); err != nil {
			t.Errorf("frame %d: %v", i, err)
		}
	}
	for range 3 {
		if out, err := s.Seal([]byte("dst"), nil, []byte("x")); err != ErrExhausted || string(out) != "dst" {
			t.Errorf("after the last counter: %q, %v", out, err)
		}
	}
}

func TestCounterCounts(t *testing.T) {
	s, _ := testPair(t, AES128GCMSHA256)
	for i := range uint64(1000) {
		if s.Counter() != i {
			t.Fatalf("counter %d, want %d", s.Counter(), i)
		}
		if h, _, err := ParseHeader(mustSeal(t, s, nil, nil)); err != nil || h.CTR != i || h.KID != s.KID() {
			t.Fatalf("%+v, %v", h, err)
		}
	}
}

func TestUnusableKeys(t *testing.T) {
	for _, suite := range []Suite{0, 9, 0xF000, 0xF002, 0xFFFF} {
		_, err1 := NewSealer(suite, 0, pattern(32))
		_, err2 := NewOpener(suite, 0, pattern(32))
		_, err3 := NewKeyring(suite)
		_, err4 := RatchetKey(suite, pattern(32))
		for _, err := range []error{err1, err2, err3, err4} {
			if !errors.Is(err, ErrSuite) {
				t.Errorf("suite %v: %v", suite, err)
			}
		}
		if suite.Valid() || suite.KeySize()+suite.TagSize()+suite.HashSize()+suite.Overhead() != 0 {
			t.Errorf("%v has sizes", suite)
		}
	}
	if _, err := NewSealer(AES128GCMSHA256, 0, pattern(15)); !errors.Is(err, ErrKey) {
		t.Errorf("a base key of 15 bytes: %v", err)
	}
}

func TestDestroy(t *testing.T) {
	s, o := testPair(t, ChaCha20Poly1305SHA256)
	sealed := mustSeal(t, s, nil, nil)
	sk, ok := s.k, o.k
	s.Destroy()
	s.Destroy()
	o.Destroy()
	o.Destroy()
	if sk.aead != nil || ok.aead != nil || sk.salt != [nonceSize]byte{} || ok.salt != [nonceSize]byte{} {
		t.Error("something is left")
	}
	for name, f := range map[string]func(){
		"Seal": func() { _, _ = s.Seal(nil, nil, nil) },
		"Open": func() { _, _ = o.Open(nil, nil, sealed) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s after Destroy did not panic", name)
				}
			}()
			f()
		}()
	}
}

func TestKeyring(t *testing.T) {
	r, err := NewKeyring(AES256GCMSHA512)
	if err != nil {
		t.Fatal(err)
	}
	sealers := make([]*Sealer, 4)
	for kid := range sealers {
		key := bytes.Repeat([]byte{byte(kid)}, 32)
		if sealers[kid], err = NewSealer(AES256GCMSHA512, uint64(kid), key); err != nil {
			t.Fatal(err)
		}
		if err := r.Add(uint64(kid), key); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Add(2, pattern(32)); !errors.Is(err, ErrKey) {
		t.Errorf("a second key for KID 2: %v", err)
	}
	r.Remove(3)
	r.Remove(3)
	for kid, s := range sealers {
		frame := fmt.Sprint("frame of ", kid)
		got, err := r.Open(nil, nil, mustSeal(t, s, nil, []byte(frame)))
		if kid == 3 && err != ErrUnknownKey || kid != 3 && (err != nil || string(got) != frame) {
			t.Errorf("KID %d: %q, %v", kid, got, err)
		}
	}
	if _, err := r.Open(nil, nil, nil); err != ErrMalformed {
		t.Errorf("nothing: %v", err)
	}
	r.Destroy()
	if _, err := r.Open(nil, nil, mustSeal(t, sealers[0], nil, nil)); err != ErrUnknownKey {
		t.Errorf("after Destroy: %v", err)
	}
}

// A lossy, reordering, duplicating path: each frame that arrives inside the window opens once, with its own content.
func TestReorderedDuplicatedLost(t *testing.T) {
	eachSuite(t, func(t *testing.T, suite Suite) {
		s, o := testPair(t, suite)
		rng := rand.New(rand.NewPCG(1, uint64(suite)))
		var path [][]byte
		opened := make(map[string]bool)
		for i := range 5000 {
			path = append(path, mustSeal(t, s, nil, fmt.Append(nil, i)))
			if rng.IntN(4) == 0 {
				path = append(path, path[rng.IntN(len(path))])
			}
			for len(path) > 100 {
				at := rng.IntN(len(path))
				got, err := o.Open(nil, nil, path[at])
				switch {
				case err == nil && opened[string(got)]:
					t.Fatalf("frame %s twice", got)
				case err == nil:
					opened[string(got)] = true
				case !errors.Is(err, ErrReplay):
					t.Fatal(err)
				}
				path = append(path[:at], path[at+1:]...)
			}
		}
		if len(opened) < 4850 {
			t.Errorf("%d of 5000 frames were opened", len(opened))
		}
	})
}
