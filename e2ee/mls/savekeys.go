package mls

import (
	"crypto/hpke"
	"maps"
	"slices"
)

// all lists the secrets in a fixed order.
func (s *secrets) all() []*[]byte {
	return []*[]byte{&s.initSecret, &s.senderData, &s.exporter, &s.external, &s.confirmation, &s.membership, &s.resumption, &s.authenticator}
}

// saveKey writes a private key; one that crypto/hpke has made can always be written.
func saveKey(w *writer, key hpke.PrivateKey) {
	b, err := key.Bytes()
	if err != nil {
		panic(err)
	}
	w.opaque(b)
	clear(b)
}

func loadKey(r *reader, s *suite) hpke.PrivateKey {
	key, err := s.kem.NewPrivateKey(r.opaqueView())
	if err != nil {
		r.fail("private key")
	}
	return key
}

func (t *secretTree) save(w *writer) {
	w.vector(func(w *writer) {
		for _, x := range slices.Sorted(maps.Keys(t.nodes)) {
			w.u32(uint32(x))
			w.opaque(t.nodes[x])
		}
	})
	w.vector(func(w *writer) {
		for _, leaf := range slices.Sorted(maps.Keys(t.ratchets)) {
			w.u32(leaf)
			t.ratchets[leaf].handshake.save(w)
			t.ratchets[leaf].application.save(w)
		}
	})
}

func loadSecretTree(r *reader, s *suite, width uint32) *secretTree {
	t := newSecretTree(s, width, nil)
	clear(t.nodes)
	r.vector(func(r *reader) {
		x := nodeIndex(r.u32())
		t.nodes[x] = r.opaque()
	})
	r.vector(func(r *reader) {
		leaf := r.u32()
		t.ratchets[leaf] = &leafRatchets{loadRatchet(r, s), loadRatchet(r, s)}
	})
	return t
}

func (r *ratchet) save(w *writer) {
	w.opaque(r.secret)
	w.u32(r.next)
	w.vector(func(w *writer) {
		for _, g := range slices.Sorted(maps.Keys(r.skipped)) {
			w.u32(g)
			w.opaque(r.skipped[g].key)
			w.opaque(r.skipped[g].nonce)
		}
	})
}

func loadRatchet(r *reader, s *suite) *ratchet {
	t := &ratchet{suite: s, secret: r.opaque(), next: r.u32(), skipped: map[uint32]messageKey{}}
	r.vector(func(r *reader) {
		g := r.u32()
		t.skipped[g] = messageKey{r.opaque(), r.opaque()}
	})
	return t
}
