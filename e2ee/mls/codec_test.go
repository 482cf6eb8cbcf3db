package mls

import (
	"errors"
	"testing"
)

// TestBounds: what takes up much more room decoded than encoded is bounded by number.
func TestBounds(t *testing.T) {
	many := func(n int, element ...byte) []byte {
		w := &writer{}
		w.length(n * len(element))
		for range n {
			w.fixed(element)
		}
		return w.b
	}
	remove := []byte{1, 0, 3, 0, 0, 0, 0}
	if err := unmarshal(append(many(maxProposals, remove...), 0), &commit{}); err != nil {
		t.Error(err)
	}
	if err := unmarshal(append(many(maxProposals+1, remove...), 0), &commit{}); !errors.Is(err, ErrMalformed) {
		t.Errorf("too many proposals: %v", err)
	}
	if err := unmarshal(append([]byte{0, 2}, many(maxChain+1, 0)...), &Credential{}); !errors.Is(err, ErrMalformed) {
		t.Errorf("too long a chain: %v", err)
	}
	if _, err := parseTree(many(4096, 0), 1024); !errors.Is(err, ErrLimit) {
		t.Errorf("too large a tree: %v", err)
	}
	if err := unmarshal([]byte{0, 17, 1}, &hpkeCiphertext{}); !errors.Is(err, ErrMalformed) {
		t.Errorf("a ciphertext without a tag: %v", err)
	}
	for _, header := range [][]byte{{0x40, 1, 7}, {0x80, 0, 0, 1, 7}, {0xc0}, {0xc1, 7}, {0xbf, 0xff, 0xff, 0xff}, {0x80, 1}, {5, 1}} {
		r := &reader{b: header}
		if r.opaque(); r.err == nil {
			t.Errorf("length %x", header)
		}
	}
	allocs := testing.AllocsPerRun(10, func() {
		r := &reader{b: []byte{0xbf, 0xff, 0xff, 0xff, 1, 2, 3}}
		r.opaque()
	})
	if allocs > 10 {
		t.Errorf("%v allocations for a length that lies", allocs)
	}
}

// TestVectorHeaders writes vectors around the lengths at which their header grows.
func TestVectorHeaders(t *testing.T) {
	for _, n := range []int{0, 1, 62, 63, 64, 65, 16382, 16383, 16384, 16385, 70000} {
		w := &writer{b: []byte("before")}
		w.vector(func(w *writer) { w.fixed(make([]byte, n)) })
		w.u8(9)
		r := &reader{b: w.b[6:]}
		if got := r.opaque(); len(got) != n || r.u8() != 9 || r.end() != nil {
			t.Errorf("vector of %d bytes reads as %d", n, len(got))
		}
	}
}

func TestExtensionTwice(t *testing.T) {
	twice := []Extension{{Type: 0xFF01, Data: []byte("a")}, {Type: 0xFF01, Data: []byte("b")}}
	w := &writer{}
	writeExtensions(w, twice)
	r := &reader{b: w.b}
	if readExtensions(r); !errors.Is(r.err, ErrMalformed) {
		t.Errorf("read: %v", r.err)
	}
	cfg := forgerConfig(t, "x")
	if _, err := NewGroup([]byte("g"), cfg, twice...); !errors.Is(err, ErrInvalid) {
		t.Errorf("group: %v", err)
	}
	if _, _, err := NewKeyPackage(cfg, twice...); !errors.Is(err, ErrInvalid) {
		t.Errorf("KeyPackage: %v", err)
	}
	cfg.LeafExtensions = twice
	if _, _, err := NewKeyPackage(cfg); !errors.Is(err, ErrInvalid) {
		t.Errorf("leaf: %v", err)
	}
}
