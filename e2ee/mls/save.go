package mls

import (
	"fmt"
	"maps"
	"slices"

	"golang.org/x/crypto/chacha20poly1305"
)

// saveVersion begins every saved state; it changes with the format.
const saveVersion = 1

// Save encodes the group, sealed under a key of the caller's (XChaCha20-Poly1305), for Restore. The signing key and the
// rest of Config are not in it. A pending commit must be merged or discarded before, and an Update of ours that changes
// more than keys must have been committed. Going on from an old save is a loss of security: keys that were erased come
// back, and generations are used twice.
func (g *Group) Save(key *[32]byte) ([]byte, error) {
	if g.s == nil || g.s.pending != nil {
		return nil, fmt.Errorf("%w: destroyed, or a commit is pending", ErrState)
	}
	for _, u := range g.s.updates {
		if u.config != g.s.c {
			return nil, fmt.Errorf("%w: an Update of our leaf is pending", ErrState)
		}
	}
	w := &writer{}
	g.s.encode(w)
	defer clear(w.b)
	a, err := chacha20poly1305.NewX(key[:])
	if err != nil {
		return nil, err
	}
	nonce := randomBytes(a.NonceSize())
	return a.Seal(nonce, nonce, w.b, []byte{saveVersion}), nil
}

// Restore opens what Save sealed. cfg must be ours as it was; the signer must be that of our leaf.
func Restore(sealed []byte, key *[32]byte, cfg Config) (*Group, error) {
	c, err := cfg.prepare(true)
	if err != nil {
		return nil, err
	}
	a, err := chacha20poly1305.NewX(key[:])
	if err != nil {
		return nil, err
	}
	if len(sealed) < a.NonceSize() {
		return nil, unauthentic("saved state")
	}
	n := a.NonceSize()
	plain, err := a.Open(nil, sealed[:n], sealed[n:], []byte{saveVersion})
	if err != nil {
		return nil, unauthentic("saved state")
	}
	defer clear(plain)
	s := &state{c: c}
	if err := unmarshal(plain, s); err != nil {
		return nil, err
	}
	if l := s.now.tree.leafAt(s.now.own); l == nil || string(l.SignatureKey) != string(c.publicKey) {
		if !s.removed {
			return nil, invalid("the signer is not that of the saved group")
		}
	}
	return &Group{s}, nil
}

func (s *state) encode(w *writer) {
	s.now.save(w)
	w.vector(func(w *writer) {
		for _, e := range s.past {
			e.save(w)
		}
	})
	w.vector(func(w *writer) {
		for _, p := range s.proposals {
			w.opaque(p.ref)
			p.sender.encode(w)
			p.proposal.encode(w)
		}
	})
	w.vector(func(w *writer) {
		for _, u := range s.updates {
			saveKey(w, u.key)
		}
	})
	w.vector(func(w *writer) {
		for _, r := range s.resumption {
			w.u64(r.epoch)
			w.opaque(r.secret)
		}
	})
	w.present(s.removed)
	w.present(s.reinit != nil)
	if s.reinit != nil {
		p := Proposal{Type: ProposalReInit, ReInit: s.reinit}
		p.encode(w)
	}
}

func (s *state) decode(r *reader) {
	s.now = s.loadEpoch(r)
	r.vector(func(r *reader) { s.past = append(s.past, s.loadEpoch(r)) })
	r.vector(func(r *reader) {
		p := &storedProposal{ref: r.opaque(), proposal: &Proposal{}}
		p.sender.decode(r)
		p.proposal.decode(r)
		s.proposals = append(s.proposals, p)
	})
	r.vector(func(r *reader) { s.updates = append(s.updates, &ownUpdate{s.c, loadKey(r, s.c.suite)}) })
	r.vector(func(r *reader) { s.resumption = append(s.resumption, &resumptionSecret{r.u64(), r.opaque()}) })
	s.removed = r.present()
	if r.present() {
		var p Proposal
		p.decode(r)
		s.reinit = p.ReInit
	}
}

func (e *epoch) save(w *writer) {
	e.context.encode(w)
	e.tree.encode(w)
	w.u32(e.own)
	w.opaque(e.interim)
	w.opaque(e.confirmationTag)
	for _, secret := range e.keys.all() {
		w.opaque(*secret)
	}
	w.vector(func(w *writer) {
		for _, x := range slices.Sorted(maps.Keys(e.private)) {
			w.u32(uint32(x))
			saveKey(w, e.private[x])
		}
	})
	e.messages.save(w)
}

func (s *state) loadEpoch(r *reader) *epoch {
	e := &epoch{keys: &secrets{}, private: privateTree{}}
	e.context.decode(r)
	e.encoded = marshal(&e.context)
	t := &treeDecoder{members: fullWidth(s.c.Limits.Members)}
	t.decode(r)
	e.tree = &t.tree
	if r.err == nil && e.context.suite != s.c.suite.id {
		r.fail("saved group of suite 0x%04x", uint16(e.context.suite))
	}
	e.own = r.u32()
	e.interim, e.confirmationTag = r.opaque(), r.opaque()
	for _, secret := range e.keys.all() {
		*secret = r.opaque()
	}
	r.vector(func(r *reader) {
		x := nodeIndex(r.u32())
		e.private[x] = loadKey(r, s.c.suite)
	})
	e.messages = loadSecretTree(r, s.c.suite, e.tree.width())
	return e
}
