package sframe

import (
	"crypto/cipher"
	"crypto/hkdf"
	"encoding/binary"
	"fmt"
)

// minBaseKey is the shortest base key taken, in bytes. The RFC names no bound; under 128 bits no suite keeps its promise.
const minBaseKey = 16

// material is what a base key and a KID give (section 4.4.2).
type material struct {
	aead cipher.AEAD
	salt [nonceSize]byte
}

// derive makes the AEAD and the salt of one KID. baseKey is neither kept nor changed.
func derive(p *params, suite Suite, kid uint64, baseKey []byte) (*material, error) {
	key, salt, err := schedule(p, suite, kid, baseKey)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	defer clear(salt)
	aead, err := p.aead(p, key)
	if err != nil {
		return nil, fmt.Errorf("sframe: %w", err)
	}
	return &material{aead: aead, salt: [nonceSize]byte(salt)}, nil
}

// schedule is section 4.4.2:
//
//	sframe_secret = HKDF-Extract("", base_key)
//	sframe_key    = HKDF-Expand(sframe_secret, "SFrame 1.0 Secret key " + KID + cipher_suite, AEAD.Nk)
//	sframe_salt   = HKDF-Expand(sframe_secret, "SFrame 1.0 Secret salt " + KID + cipher_suite, AEAD.Nn)
func schedule(p *params, suite Suite, kid uint64, baseKey []byte) (key, salt []byte, err error) {
	secret, err := extract(p, baseKey)
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
func extract(p *params, baseKey []byte) ([]byte, error) {
	if len(baseKey) < minBaseKey {
		return nil, fmt.Errorf("%w: base key of %d bytes, at least %d", ErrKey, len(baseKey), minBaseKey)
	}
	secret, err := hkdf.Extract(p.hash, baseKey, nil)
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

// RatchetKey is one step of section 5.1: the base key after baseKey, HashSize bytes long. There is no way back.
func RatchetKey(suite Suite, baseKey []byte) ([]byte, error) {
	p, err := suite.params()
	if err != nil {
		return nil, err
	}
	secret, err := extract(p, baseKey)
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
