package sframe

import (
	"bytes"
	"testing"
)

// Seal and Open give the right bytes wherever dst, metadata and input lie in one array, and write nothing outside.
func TestAliasing(t *testing.T) {
	eachSuite(t, func(t *testing.T, suite Suite) {
		for _, n := range []int{0, 1, 5, 40, 600} {
			for from := range 24 {
				for _, dst := range []int{0, 1, 3, 8, 20} {
					testAliasing(t, suite, n, from, dst)
				}
			}
		}
	})
}

const aliasTail = 64 // room behind everything

func testAliasing(t *testing.T, suite Suite, n, from, dst int) {
	t.Helper()
	s, o := testPair(t, suite)
	frame, metadata := bytes.Repeat([]byte("f"), n), []byte("meta")
	want := mustSeal(t, mustResume(t, suite, 0), metadata, frame)

	buf := bytes.Repeat([]byte{'.'}, 30+n+aliasTail)
	copy(buf[from:], frame)
	sealed, err := s.Seal(buf[:dst], metadata, buf[from:from+n])
	if err != nil || !bytes.Equal(sealed[dst:], want) || &sealed[0:1][0] != &buf[0] {
		t.Fatalf("%d bytes at %d sealed behind %d: %v", n, from, dst, err)
	}
	for i := dst + len(want); i < len(buf); i++ {
		if buf[i] != '.' && (i < from || i >= from+n) {
			t.Fatalf("byte %d behind the sealed frame was written", i)
		}
	}

	buf = bytes.Repeat([]byte{'.'}, 30+len(want)+aliasTail)
	copy(buf[from:], want)
	opened, err := o.Open(buf[:dst], metadata, buf[from:from+len(want)])
	if err != nil || !bytes.Equal(opened[dst:], frame) {
		t.Fatalf("%d bytes at %d opened behind %d: %v", n, from, dst, err)
	}
}

func mustResume(t testing.TB, suite Suite, next uint64) *Sealer {
	t.Helper()
	s, err := ResumeSealer(suite, 0x123, pattern(32), next)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The metadata may lie where the output goes.
func TestAliasingMetadata(t *testing.T) {
	s, o := testPair(t, ChaCha20Poly1305SHA256)
	buf := append([]byte("meta"), make([]byte, 100)...)
	sealed, err := s.Seal(buf[:0], buf[:4], []byte("frame"))
	if err != nil {
		t.Fatal(err)
	}
	sealed = bytes.Clone(sealed)
	copy(buf, "meta")
	if got, err := o.Open(buf[:0], buf[:4], sealed); err != nil || string(got) != "frame" {
		t.Errorf("%q, %v", got, err)
	}
}

// In place without a move: the frame lies where it is going to be, and comes out where it was.
func TestInPlace(t *testing.T) {
	eachSuite(t, func(t *testing.T, suite Suite) {
		s, o := testPair(t, suite)
		for range 300 { // past the change of the header's length
			buf := make([]byte, MaxHeaderLen+5+suite.TagSize())
			n := s.HeaderLen()
			frame := buf[n : n+5]
			copy(frame, "frame")
			sealed, err := s.Seal(buf[:0], nil, frame)
			if err != nil || &sealed[n] != &frame[0] {
				t.Fatal("the frame was moved", err)
			}
			_, n, _ = ParseHeader(sealed)
			got, err := o.Open(sealed[n:n], nil, sealed)
			if err != nil || string(got) != "frame" || &got[0] != &frame[0] {
				t.Fatalf("%q, %v", got, err)
			}
		}
	})
}

// A failed Open shows nothing: neither the result nor dst's room holds plaintext.
func TestFailedOpenShowsNothing(t *testing.T) {
	eachSuite(t, func(t *testing.T, suite Suite) {
		s, o := testPair(t, suite)
		frame := bytes.Repeat([]byte("secret "), 20)
		sealed := mustSeal(t, s, nil, frame)
		sealed[len(sealed)-1] ^= 1
		dst := make([]byte, 0, 500)
		if _, err := o.Open(dst, nil, sealed); err != ErrAuthentication {
			t.Fatal(err)
		}
		if _, err := o.Open(sealed[:0], nil, sealed); err != ErrAuthentication {
			t.Fatal(err)
		}
		if bytes.Contains(dst[:500], []byte("secret")) || bytes.Contains(sealed, []byte("secret")) {
			t.Error("plaintext of a frame that is not authentic")
		}
	})
}

func TestNoAllocations(t *testing.T) {
	eachSuite(t, func(t *testing.T, suite Suite) {
		s, o := testPair(t, suite)
		metadata, frame := []byte("metadata"), make([]byte, 1200)
		sealed, opened := make([]byte, 0, 1300), make([]byte, 0, 1300)
		if n := testing.AllocsPerRun(300, func() {
			out, err := s.Seal(sealed, metadata, frame)
			if err == nil {
				_, err = o.Open(opened, metadata, out)
			}
			if err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%v allocations per frame", n)
		}
		bad := mustSeal(t, s, metadata, frame)
		bad[40] ^= 1
		if n := testing.AllocsPerRun(300, func() { _, _ = o.Open(opened, metadata, bad) }); n != 0 {
			t.Errorf("%v allocations per forged frame", n)
		}
	})
}

// Choosing the key allocates nothing either, once it is there.
func TestNoAllocationsToChooseAKey(t *testing.T) {
	a, b := epochStorePair(t, anyone)
	es, err := a.Sealer(1, 3)
	if err != nil {
		t.Fatal(err)
	}
	rs, ro := ratchetPair(t, 4)
	ring, err := NewKeyring(ChaCha20Poly1305SHA256)
	if err != nil {
		t.Fatal(err)
	}
	if err := ring.Add(0x123, pattern(32)); err != nil {
		t.Fatal(err)
	}
	s, _ := testPair(t, ChaCha20Poly1305SHA256)
	frame, sealed, opened := make([]byte, 100), make([]byte, 0, 200), make([]byte, 0, 200)
	for name, f := range map[string]func() error{
		"Epochs": func() error {
			out, _ := es.Seal(sealed, nil, frame)
			_, _, err := b.Open(opened, nil, out)
			return err
		},
		"RatchetOpener": func() error {
			out, _ := rs.Seal(sealed, nil, frame)
			_, err := ro.Open(opened, nil, out)
			return err
		},
		"Keyring": func() error {
			out, _ := s.Seal(sealed, nil, frame)
			_, err := ring.Open(opened, nil, out)
			return err
		},
	} {
		if n := testing.AllocsPerRun(300, func() {
			if err := f(); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations per frame", name, n)
		}
	}
}
