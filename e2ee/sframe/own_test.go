package sframe

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/vectors.json anew")

// ownVectors are this project's own, for every suite, in the form of the working group's file with two sections more.
type ownVectors struct {
	About   []string        `json:"about"`
	Header  []headerVector  `json:"header"`
	Frames  []frameVector   `json:"sframe"`
	Ratchet []ratchetVector `json:"ratchet"`
	MLS     []mlsVector     `json:"mls"`
}

// ratchetVector is a step of section 5.1: the base key of each step, its KID, and a frame under it.
type ratchetVector struct {
	Suite      Suite    `json:"cipher_suite"`
	R          int      `json:"ratchet_bits"`
	Generation uint64   `json:"key_generation"`
	Step       uint64   `json:"ratchet_step"`
	KID        uint64   `json:"kid"`
	BaseKey    hexBytes `json:"base_key"`
	Metadata   hexBytes `json:"metadata"`
	PT         hexBytes `json:"pt"`
	CT         hexBytes `json:"ct"` // with CTR 0
}

// mlsVector is a KID of section 5.2, and the first frame under it.
type mlsVector struct {
	Suite       Suite    `json:"cipher_suite"`
	E           int      `json:"epoch_bits"`
	HighestLeaf uint32   `json:"highest_leaf"`
	S           int      `json:"index_bits"`
	Epoch       uint64   `json:"epoch"`
	Leaf        uint32   `json:"leaf"`
	Context     uint64   `json:"context"`
	KID         uint64   `json:"kid"`
	BaseKey     hexBytes `json:"base_key"`
	PT          hexBytes `json:"pt"`
	CT          hexBytes `json:"ct"` // with CTR 0
}

const ownPath = "testdata/vectors.json"

func TestOwnVectors(t *testing.T) {
	if *update {
		data, err := json.MarshalIndent(makeOwnVectors(t), "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(ownPath, append(data, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(ownPath)
	if err != nil {
		t.Fatal(err)
	}
	var v ownVectors
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	if len(v.Header) != 49 || len(v.Frames) != 36 || len(v.Ratchet) != 36 || len(v.MLS) != 45 {
		t.Fatalf("%d headers, %d frames, %d ratchet steps, %d MLS KIDs; want 49, 36, 36, 45",
			len(v.Header), len(v.Frames), len(v.Ratchet), len(v.MLS))
	}
	for _, h := range v.Header {
		testHeaderVector(t, h)
	}
	for _, f := range v.Frames {
		t.Run("frame "+f.Suite.String(), func(t *testing.T) { testFrameVector(t, f) })
	}
	for _, r := range v.Ratchet {
		testRatchetVector(t, r)
	}
	for _, m := range v.MLS {
		testMLSVector(t, m)
	}
}

func testRatchetVector(t *testing.T, v ratchetVector) {
	t.Helper()
	kid, err := RatchetFormat(v.R).KID(v.Generation, v.Step)
	if err != nil || kid != v.KID {
		t.Errorf("generation %d, step %d: KID %d, %v, want %d", v.Generation, v.Step, kid, err, v.KID)
	}
	// From the state at step 0 the sender and, by the frame alone, the receiver come to this step's key.
	first := pattern(v.Suite.KeySize())
	s, err := NewRatchetSealer(v.Suite, RatchetFormat(v.R), v.Generation, first)
	if err != nil {
		t.Fatal(err)
	}
	for range v.Step {
		if err := s.Ratchet(); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, key := s.State(); !bytes.Equal(key, v.BaseKey) {
		t.Errorf("base key %x, want %x", key, v.BaseKey)
	}
	if sealed, err := s.Seal(nil, v.Metadata, v.PT); err != nil || !bytes.Equal(sealed, v.CT) {
		t.Errorf("sealed %x, %v, want %x", sealed, err, v.CT)
	}
	o, err := NewRatchetOpener(v.Suite, RatchetFormat(v.R), v.Generation, 0, first)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := o.Open(nil, v.Metadata, v.CT); err != nil || !bytes.Equal(got, v.PT) || o.Step() != v.Step {
		t.Errorf("opened %x, %v, step %d", got, err, o.Step())
	}
}

func testMLSVector(t *testing.T, v mlsVector) {
	t.Helper()
	f := MLSFormat(v.E, v.HighestLeaf)
	kid, err := f.KID(v.Context, v.Leaf, v.Epoch)
	if err != nil || kid != v.KID || f.IndexBits != v.S {
		t.Errorf("%+v: KID %#x, S %d, %v", v, kid, f.IndexBits, err)
	}
	if ctx, leaf, low := f.Split(v.KID); ctx != v.Context || leaf != v.Leaf || low != f.Epoch(v.Epoch) {
		t.Errorf("%+v: split into %d, %d, %d", v, ctx, leaf, low)
	}
	testFrameVectorShort(t, v)
}

func testFrameVectorShort(t *testing.T, v mlsVector) {
	t.Helper()
	s, err := NewSealer(v.Suite, v.KID, v.BaseKey)
	if err != nil {
		t.Fatal(err)
	}
	if sealed, err := s.Seal(nil, nil, v.PT); err != nil || !bytes.Equal(sealed, v.CT) {
		t.Errorf("%+v: sealed %x, %v", v, sealed, err)
	}
	o, err := NewOpener(v.Suite, v.KID, v.BaseKey)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := o.Open(nil, nil, v.CT); err != nil || !bytes.Equal(got, v.PT) {
		t.Errorf("%+v: opened %x, %v", v, got, err)
	}
}

// pattern is n bytes 00 01 02 …
func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}
