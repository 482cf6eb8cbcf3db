package sframe

import (
	"crypto/cipher"
	"crypto/hkdf"
	"encoding/binary"
	"fmt"
)

// minBaseKey is the shortest base key taken, in bytes. The RFC names no bound; under 128 bits no suite keeps its promise.
const minBaseKey = 16

// material is what a base key and a KID give (section 4.4.2), and room for one frame's nonce and AAD: variables would be
// allocated anew for each, because they go through an interface.
//
// It is held by pointer from a struct that itself is held by pointer. One pointer does not keep a secret out of a log: of
// an unexported field fmt follows it under a verb that does not fit, such as %s.
type material struct {
	aead  cipher.AEAD
	salt  [nonceSize]byte
	nonce [nonceSize]byte
	aad   []byte
}

// derive makes the AEAD and the salt of one KID. base is neither kept nor changed.
func derive(p *params, suite Suite, kid uint64, base []byte) (*material, error) {
	key, salt, err := schedule(p, suite, kid, base)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	defer clear(salt)
	aead, err := p.aead(p, key)
	if err != nil {
		return nil, fmt.Errorf("sframe: %w", err)
	}
	return &material{aead: aead, salt: [nonceSize]byte(salt), nonce: [nonceSize]byte(salt)}, nil
}

// setNonce is the salt XOR the counter, in the last eight of the twelve bytes (section 4.4.3).
func (m *material) setNonce(ctr uint64) {
	binary.BigEndian.PutUint64(m.nonce[4:], binary.BigEndian.Uint64(m.salt[4:])^ctr)
}

// wipe leaves nothing that Go lets us wipe: what the AEAD has expanded is the garbage collector's.
func (m *material) wipe() {
	m.aead = nil
	clear(m.salt[:])
	clear(m.nonce[:])
}

// baseKey is a base key that is kept for ratcheting or for later KIDs.
type baseKey struct{ b []byte }

func keepKey(b []byte) *baseKey { return &baseKey{append([]byte(nil), b...)} }

func (k *baseKey) wipe() {
	if k != nil {
		clear(k.b)
	}
}

// schedule is section 4.4.2:
//
//	sframe_secret = HKDF-Extract("", base_key)
//	sframe_key    = HKDF-Expand(sframe_secret, "SFrame 1.0 Secret key " + KID + cipher_suite, AEAD.Nk)
//	sframe_salt   = HKDF-Expand(sframe_secret, "SFrame 1.0 Secret salt " + KID + cipher_suite, AEAD.Nn)
func schedule(p *params, suite Suite, kid uint64, base []byte) (key, salt []byte, err error) {
	secret, err := extract(p, base)
	if err != nil {
		return nil, nil, err
	}
	defer clear(secret)
	key, err = hkdf.Expand(p.hash, secret, label("SFrame 1.0 Secret key ", kid, suite), p.nk)
	if err != nil {
		return nil, nil, fmt.Errorf("sframe: %w", err)
	}
	salt, err = hkdf.Expand(p.hash, secret, label("SFrame 1.0 Secret salt ", kid, suite), nonceSize)
	if err != nil {
		return nil, nil, fmt.Errorf("sframe: %w", err)
	}
	return key, salt, nil
}

// extract is HKDF-Extract("", base_key), the first step of everything that is derived.
func extract(p *params, base []byte) ([]byte, error) {
	if len(base) < minBaseKey {
		return nil, fmt.Errorf("%w: base key of %d bytes, at least %d", ErrKey, len(base), minBaseKey)
	}
	secret, err := hkdf.Extract(p.hash, base, nil)
	if err != nil {
		return nil, fmt.Errorf("sframe: %w", err)
	}
	return secret, nil
}

// label is the purpose, the KID in 8 bytes (not the header's compact form) and the suite in 2.
func label(purpose string, kid uint64, suite Suite) string {
	b := binary.BigEndian.AppendUint64([]byte(purpose), kid)
	return string(binary.BigEndian.AppendUint16(b, uint16(suite)))
}

// RatchetKey is one step of section 5.1: the base key after base, HashSize bytes long. There is no way back.
func RatchetKey(suite Suite, base []byte) ([]byte, error) {
	p, err := suite.params()
	if err != nil {
		return nil, err
	}
	secret, err := extract(p, base)
	if err != nil {
		return nil, err
	}
	defer clear(secret)
	next, err := hkdf.Expand(p.hash, secret, "SFrame 1.0 Ratchet", p.nh)
	if err != nil {
		return nil, fmt.Errorf("sframe: %w", err)
	}
	return next, nil
}
