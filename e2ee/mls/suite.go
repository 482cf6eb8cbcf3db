package mls

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hpke"
	"crypto/sha256"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"
)

// Suite is a cipher suite of RFC 9420, section 5.1.
type Suite uint16

// The suites that this package speaks. All of them hash with SHA-256.
const (
	X25519AES128 Suite = 1 // MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519
	P256AES128   Suite = 2 // MLS_128_DHKEMP256_AES128GCM_SHA256_P256
	X25519ChaCha Suite = 3 // MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519, the default

	// HybridChaCha is of the private-use range: HPKE with X25519 and ML-KEM-768 (KEM 0x647a), HKDF-SHA256,
	// ChaCha20-Poly1305, SHA-256, Ed25519.
	HybridChaCha Suite = 0xF001
)

// hashSize is KDF.Nh, the size of every secret, hash and MAC, in bytes.
const hashSize = sha256.Size

// nonceSize is AEAD.Nn of both AEADs, in bytes.
const nonceSize = 12

// suite holds the algorithms behind a Suite.
type suite struct {
	id        Suite
	name      string
	kem       hpke.KEM
	aead      hpke.AEAD
	keySize   int // AEAD.Nk
	newAEAD   func(key []byte) (cipher.AEAD, error)
	signature signatureScheme
}

var hkdfSHA256 = hpke.HKDFSHA256()

var suites = map[Suite]*suite{
	X25519AES128: {X25519AES128, "X25519-AES128GCM-SHA256-Ed25519", hpke.DHKEM(ecdh.X25519()), hpke.AES128GCM(), 16, newGCM, ed25519Scheme{}},
	P256AES128:   {P256AES128, "P256-AES128GCM-SHA256-P256", hpke.DHKEM(ecdh.P256()), hpke.AES128GCM(), 16, newGCM, ecdsaScheme{}},
	X25519ChaCha: {X25519ChaCha, "X25519-CHACHA20POLY1305-SHA256-Ed25519", hpke.DHKEM(ecdh.X25519()), hpke.ChaCha20Poly1305(), 32, chacha20poly1305.New, ed25519Scheme{}},
	HybridChaCha: {HybridChaCha, "MLKEM768X25519-CHACHA20POLY1305-SHA256-Ed25519", hpke.MLKEM768X25519(), hpke.ChaCha20Poly1305(), 32, chacha20poly1305.New, ed25519Scheme{}},
}

func newGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// Valid reports whether this package speaks the suite.
func (s Suite) Valid() bool { return suites[s] != nil }

// String names the suite's algorithms.
func (s Suite) String() string {
	if p := suites[s]; p != nil {
		return p.name
	}
	return fmt.Sprintf("mls suite 0x%04x", uint16(s))
}

func (s Suite) lookup() (*suite, error) {
	if p := suites[s]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("%w: unknown cipher suite 0x%04x", ErrInvalid, uint16(s))
}

// seal encrypts with the suite's AEAD; the key is used once.
func (s *suite) seal(key, nonce, plaintext, aad []byte) ([]byte, error) {
	a, err := s.newAEAD(key)
	if err != nil {
		return nil, err
	}
	return a.Seal(nil, nonce, plaintext, aad), nil
}

// open is the inverse of seal.
func (s *suite) open(key, nonce, ciphertext, aad []byte) ([]byte, error) {
	a, err := s.newAEAD(key)
	if err != nil {
		return nil, err
	}
	p, err := a.Open(nil, nonce, ciphertext, aad)
	if err != nil {
		return nil, unauthentic("AEAD tag")
	}
	return p, nil
}
