package mls

import (
	"bytes"
	"crypto"
	"slices"
	"time"
)

// LeafSource says how a LeafNode came into the tree.
type LeafSource uint8

// The sources of section 7.2.
const (
	LeafKeyPackage LeafSource = 1
	LeafUpdate     LeafSource = 2
	LeafCommit     LeafSource = 3
)

// Lifetime bounds the time in which a KeyPackage's leaf may be used, in seconds since 1970, both ends included.
type Lifetime struct{ NotBefore, NotAfter uint64 }

// lifetimeAround is now ± half.
func lifetimeAround(now time.Time, half time.Duration) Lifetime {
	return Lifetime{uint64(now.Add(-half).Unix()), uint64(now.Add(half).Unix())}
}

func (l Lifetime) contains(now time.Time) bool {
	t := uint64(now.Unix())
	return l.NotBefore <= t && t <= l.NotAfter
}

// LeafNode describes one member (section 7.2). What this package hands out are copies.
type LeafNode struct {
	EncryptionKey []byte
	SignatureKey  []byte
	Credential    Credential
	Capabilities  Capabilities
	Source        LeafSource
	Lifetime      Lifetime // of LeafKeyPackage
	ParentHash    []byte   // of LeafCommit
	Extensions    []Extension
	Signature     []byte
}

// Extension returns the data of the leaf's extension of that type.
func (l *LeafNode) Extension(t ExtensionType) ([]byte, bool) { return findExtension(l.Extensions, t) }

func (l *LeafNode) clone() *LeafNode {
	c := *l
	c.EncryptionKey = bytes.Clone(l.EncryptionKey)
	c.SignatureKey = bytes.Clone(l.SignatureKey)
	c.Credential = l.Credential.clone()
	c.Capabilities = l.Capabilities.clone()
	c.ParentHash = bytes.Clone(l.ParentHash)
	c.Extensions = cloneExtensions(l.Extensions)
	c.Signature = bytes.Clone(l.Signature)
	return &c
}

func (l *LeafNode) encode(w *writer) {
	l.encodeUnsigned(w)
	w.opaque(l.Signature)
}

func (l *LeafNode) encodeUnsigned(w *writer) {
	w.opaque(l.EncryptionKey)
	w.opaque(l.SignatureKey)
	l.Credential.encode(w)
	l.Capabilities.encode(w)
	w.u8(uint8(l.Source))
	switch l.Source {
	case LeafKeyPackage:
		w.u64(l.Lifetime.NotBefore)
		w.u64(l.Lifetime.NotAfter)
	case LeafCommit:
		w.opaque(l.ParentHash)
	}
	writeExtensions(w, l.Extensions)
}

func (l *LeafNode) decode(r *reader) {
	l.EncryptionKey = r.opaque()
	l.SignatureKey = r.opaque()
	l.Credential.decode(r)
	l.Capabilities.decode(r)
	l.Source = LeafSource(r.u8())
	switch l.Source {
	case LeafKeyPackage:
		l.Lifetime = Lifetime{r.u64(), r.u64()}
	case LeafUpdate:
	case LeafCommit:
		l.ParentHash = r.opaque()
	default:
		r.fail("leaf node source %d", l.Source)
	}
	l.Extensions = readExtensions(r)
	l.Signature = r.opaque()
}

// tbs is LeafNodeTBS: a leaf made inside a group is bound to its place there.
func (l *LeafNode) tbs(groupID []byte, leaf uint32) []byte {
	w := &writer{b: make([]byte, 0, 512)}
	l.encodeUnsigned(w)
	if l.Source != LeafKeyPackage {
		w.opaque(groupID)
		w.u32(leaf)
	}
	return w.b
}

func (l *LeafNode) sign(s *suite, signer crypto.Signer, groupID []byte, leaf uint32) (err error) {
	l.Signature, err = s.signWithLabel(signer, "LeafNodeTBS", l.tbs(groupID, leaf))
	return err
}

func (l *LeafNode) verify(s *suite, groupID []byte, leaf uint32) error {
	return s.verifyWithLabel(l.SignatureKey, "LeafNodeTBS", l.tbs(groupID, leaf), l.Signature)
}

// checkForm is the part of section 7.3 that needs the leaf alone: version, suite, keys that parse, credential and
// extensions within its own capabilities.
func (l *LeafNode) checkForm(s *suite) error {
	if !slices.Contains(l.Capabilities.Versions, ProtocolVersion10) || !slices.Contains(l.Capabilities.Suites, s.id) {
		return invalid("leaf does not support the group's version and cipher suite")
	}
	if !slices.Contains(l.Capabilities.Credentials, l.Credential.Type) {
		return invalid("leaf does not support its own credential type")
	}
	for _, e := range l.Extensions {
		if !l.Capabilities.supportsExtension(e.Type) {
			return invalid("leaf does not support its own extension %d", e.Type)
		}
	}
	if err := s.signature.checkKey(l.SignatureKey); err != nil {
		return err
	}
	if err := checkExtensions(l.Extensions); err != nil {
		return err
	}
	return s.checkEncryptionKey(l.EncryptionKey)
}
