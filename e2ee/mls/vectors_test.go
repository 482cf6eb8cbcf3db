package mls

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// The published vectors of the MLS working group (github.com/mlswg/mls-implementations, test-vectors, whose
// test-vectors.md describes the formats) are found through SOTTO_VECTORS: a folder with mls/*.json.

// vectorSuites are the suites for which each file must hold vectors.
var vectorSuites = []Suite{X25519AES128, P256AES128, X25519ChaCha}

// octets is a byte string in hexadecimal.
type octets []byte

func (o *octets) UnmarshalText(text []byte) (err error) {
	*o, err = hex.DecodeString(string(text))
	return err
}

// readVectors loads one file, or says how to get it.
func readVectors[T any](t testing.TB, file string) []T {
	t.Helper()
	dir := os.Getenv("SOTTO_VECTORS")
	if dir == "" {
		missing(t, "SOTTO_VECTORS is not set")
	}
	data, err := os.ReadFile(filepath.Join(dir, "mls", file))
	if err != nil {
		missing(t, err.Error())
	}
	var list []T
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatal(err)
	}
	return list
}

func missing(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("SOTTO_REQUIRE") == "1" {
		t.Fatal(why)
	}
	t.Skip(why + ": set it to a folder with mls/*.json, the test-vectors of github.com/mlswg/mls-implementations")
}

// eachVector runs f for every vector of our suites, and fails unless there are exactly so many for each suite.
func eachVector[T any](t *testing.T, file string, want map[Suite]int, suiteOf func(T) Suite, f func(t *testing.T, s *suite, v T)) {
	counts := map[Suite]int{}
	for i, v := range readVectors[T](t, file) {
		s := suites[suiteOf(v)]
		if s == nil || s.id == HybridChaCha {
			continue
		}
		counts[s.id]++
		t.Run(fmt.Sprintf("%d/%d", s.id, i), func(t *testing.T) { f(t, s, v) })
	}
	for s, n := range want {
		if counts[s] != n {
			t.Errorf("%d cases of suite %d, want %d", counts[s], s, n)
		}
	}
}

// forEach is the same number of cases for each of our suites.
func forEach(n int) map[Suite]int {
	m := map[Suite]int{}
	for _, s := range vectorSuites {
		m[s] = n
	}
	return m
}

func wantBytes(t *testing.T, what string, got, want []byte) {
	t.Helper()
	if !bytes.Equal(got, want) {
		t.Errorf("%s = %x, want %x", what, got, want)
	}
}

func must[T any](v T, err error) func(t testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestVectorsDeserialization(t *testing.T) {
	type vector struct {
		Header octets `json:"vlbytes_header"`
		Length int    `json:"length"`
	}
	list := readVectors[vector](t, "deserialization.json")
	for _, v := range list {
		r := &reader{b: v.Header}
		if n := r.length(); n != v.Length || r.end() != nil {
			t.Errorf("length of %x is %d (%v), want %d", v.Header, n, r.err, v.Length)
		}
		w := &writer{}
		w.length(v.Length)
		wantBytes(t, "header", w.b, v.Header)
	}
	if len(list) != 14 {
		t.Errorf("%d cases", len(list))
	}
}

func TestVectorsTreeMath(t *testing.T) {
	type vector struct {
		Leaves  uint32       `json:"n_leaves"`
		Nodes   uint32       `json:"n_nodes"`
		Root    nodeIndex    `json:"root"`
		Left    []*nodeIndex `json:"left"`
		Right   []*nodeIndex `json:"right"`
		Parent  []*nodeIndex `json:"parent"`
		Sibling []*nodeIndex `json:"sibling"`
	}
	list := readVectors[vector](t, "tree-math.json")
	for _, v := range list {
		if v.Nodes != 2*v.Leaves-1 || rootOf(v.Leaves) != v.Root || fullWidth(v.Leaves) != v.Leaves {
			t.Errorf("%d leaves: root %d", v.Leaves, rootOf(v.Leaves))
		}
		for i := range v.Nodes {
			x := nodeIndex(i)
			check := func(what string, want *nodeIndex, exists bool, f func() nodeIndex) {
				if exists != (want != nil) || exists && f() != *want {
					t.Errorf("%s of %d in %d", what, x, v.Leaves)
				}
			}
			check("left", v.Left[i], !x.isLeaf(), x.left)
			check("right", v.Right[i], !x.isLeaf(), x.right)
			check("parent", v.Parent[i], x != v.Root, x.parent)
			check("sibling", v.Sibling[i], x != v.Root, x.sibling)
		}
	}
	if len(list) != 10 {
		t.Errorf("%d cases", len(list))
	}
}

// TestTreeMathByDefinition compares covers and commonAncestor with their definitions.
func TestTreeMathByDefinition(t *testing.T) {
	for a := range uint32(16) {
		for b := range uint32(16) {
			tr := &tree{make([]node, 31)}
			var both []nodeIndex
			for _, x := range append([]nodeIndex{leafNode(a)}, tr.directPath(a)...) {
				if x == leafNode(b) || slices.Contains(tr.directPath(b), x) {
					both = append(both, x)
				}
				if x.covers(b) != (x == leafNode(b) || slices.Contains(tr.directPath(b), x)) {
					t.Fatalf("%d covers %d", x, b)
				}
			}
			if commonAncestor(a, b) != both[0] {
				t.Fatalf("common ancestor of %d and %d", a, b)
			}
		}
	}
}
