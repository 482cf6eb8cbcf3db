package sframe

import (
	"bytes"
	"crypto/hkdf"
	"math"
	"testing"
)

var ownAbout = []string{
	"Test vectors of SFrame, RFC 9605, for its suites 1 to 5, for 6 to 8 of draft-barnes-sframe-iana-256, and for the private-use suite",
	"0xF001 = 61441: ChaCha20-Poly1305 (RFC 8439) with SHA-256; Nh 32, Nk 32, Nn 12, Nt 16. Byte strings are hex, integers decimal.",
	"header, sframe: as in the RFC's appendix C. ratchet: section 5.1; the base key of step 0 is 00 01 02 … (AEAD.Nk bytes); ct has CTR 0.",
	"mls: section 5.2, with S (index_bits) = the number of bits of the highest occupied leaf index; no metadata; ct has CTR 0.",
}

// makeOwnVectors computes the file. What is in it was compared with an implementation in another language.
func makeOwnVectors(t *testing.T) *ownVectors {
	v := &ownVectors{About: ownAbout}
	edges := []uint64{0, 7, 8, 255, 256, 1<<40 + 5, math.MaxUint64}
	for _, kid := range edges {
		for _, ctr := range edges {
			h := Header{KID: kid, CTR: ctr}
			v.Header = append(v.Header, headerVector{KID: kid, CTR: ctr, Encoded: h.Append(nil)})
		}
	}
	for _, suite := range allSuites() {
		for i, at := range []Header{{0, 0}, {0x123, 0x4567}, {9, math.MaxUint64}, {math.MaxUint64, 8}} {
			v.Frames = append(v.Frames, makeFrame(t, suite, at, i))
		}
		v.Ratchet = append(v.Ratchet, makeRatchet(t, suite)...)
		v.MLS = append(v.MLS, makeMLS(t, suite)...)
	}
	return v
}

func makeFrame(t *testing.T, suite Suite, at Header, i int) frameVector {
	p := suites[suite]
	v := frameVector{Suite: suite, KID: at.KID, CTR: at.CTR, BaseKey: pattern(p.nk)}
	v.Metadata = [][]byte{nil, []byte("metadata"), {0}, bytes.Repeat([]byte("m"), 33)}[i]
	v.PT = [][]byte{nil, []byte("one frame"), pattern(64), pattern(600)}[i]
	v.KeyLabel = []byte(label("SFrame 1.0 Secret key ", at.KID, suite))
	v.SaltLabel = []byte(label("SFrame 1.0 Secret salt ", at.KID, suite))
	var err error
	if v.Secret, err = hkdf.Extract(p.hash, v.BaseKey, nil); err != nil {
		t.Fatal(err)
	}
	if v.Key, v.Salt, err = schedule(p, suite, at.KID, v.BaseKey); err != nil {
		t.Fatal(err)
	}
	s, err := ResumeSealer(suite, at.KID, v.BaseKey, at.CTR)
	if err != nil {
		t.Fatal(err)
	}
	v.CT = mustSeal(t, s, v.Metadata, v.PT)
	v.Nonce, v.AAD = bytes.Clone(s.k.nonce[:]), bytes.Clone(s.k.aad)
	return v
}

func makeRatchet(t *testing.T, suite Suite) []ratchetVector {
	const bits, generation = 4, 5
	s, err := NewRatchetSealer(suite, bits, generation, pattern(suite.KeySize()))
	if err != nil {
		t.Fatal(err)
	}
	var all []ratchetVector
	for len(all) < 4 {
		_, step, key := s.State()
		v := ratchetVector{Suite: suite, R: bits, Generation: generation, Step: step, KID: s.s.sealer.KID(), BaseKey: key,
			Metadata: []byte("metadata"), PT: []byte("one frame")}
		v.CT = mustSeal(t, s, v.Metadata, v.PT)
		all = append(all, v)
		if err := s.Ratchet(); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func makeMLS(t *testing.T, suite Suite) []mlsVector {
	var all []mlsVector
	for _, v := range []mlsVector{
		{HighestLeaf: 0, Epoch: 1},
		{HighestLeaf: 1, Leaf: 1, Epoch: 1},
		{HighestLeaf: 1, Leaf: 1, Epoch: 17, Context: 2},
		{HighestLeaf: 5, Leaf: 5, Epoch: 14, Context: 1}, // also if only leaves 0 and 5 are occupied
		{HighestLeaf: 63, Leaf: 33, Epoch: 17, Context: 4095},
	} {
		v.Suite, v.E, v.BaseKey, v.PT = suite, 4, pattern(suite.KeySize()), []byte("one frame")
		f := MLSFormat(v.E, v.HighestLeaf)
		v.S = f.IndexBits
		var err error
		if v.KID, err = f.KID(v.Context, v.Leaf, v.Epoch); err != nil {
			t.Fatal(err)
		}
		s, err := NewSealer(suite, v.KID, v.BaseKey)
		if err != nil {
			t.Fatal(err)
		}
		v.CT = mustSeal(t, s, nil, v.PT)
		all = append(all, v)
	}
	return all
}

func mustSeal(t testing.TB, s interface {
	Seal(dst, metadata, frame []byte) ([]byte, error)
}, metadata, frame []byte) []byte {
	t.Helper()
	sealed, err := s.Seal(nil, metadata, frame)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}
