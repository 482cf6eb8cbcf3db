package sframe

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"hash"

	"golang.org/x/crypto/chacha20poly1305"
)

// Suite is a cipher suite: one AEAD, one hash for key derivation, one tag length. Values are those of the IANA
// registry "SFrame Cipher Suites" (RFC 9605 section 8.1).
type Suite uint16

// The suites. 1 to 5 are RFC 9605's; 6 to 8 are their parallels at 256 bits from draft-barnes-sframe-iana-256; 0xF001
// is of the registry's private-use range: ChaCha20-Poly1305 (RFC 8439) with SHA-256 and a whole tag.
const (
	AES128CTRHMACSHA256_80 Suite = 0x0001
	AES128CTRHMACSHA256_64 Suite = 0x0002
	AES128CTRHMACSHA256_32 Suite = 0x0003
	AES128GCMSHA256        Suite = 0x0004
	AES256GCMSHA512        Suite = 0x0005
	AES256CTRHMACSHA512_80 Suite = 0x0006
	AES256CTRHMACSHA512_64 Suite = 0x0007
	AES256CTRHMACSHA512_32 Suite = 0x0008
	ChaCha20Poly1305SHA256 Suite = 0xF001
)

// nonceSize is AEAD.Nn, the same in every suite.
const nonceSize = 12

// params are a suite's constants, with the RFC's letters (section 4.4), in bytes.
type params struct {
	name string
	nh   int // Hash.Nh: output of the hash
	nka  int // AEAD.Nka: AES key inside the compound AEAD, 0 for the others
	nk   int // AEAD.Nk: key
	nt   int // AEAD.Nt: tag
	hash func() hash.Hash
	aead func(p *params, key []byte) (cipher.AEAD, error)
}

var suites = map[Suite]*params{
	AES128CTRHMACSHA256_80: {"AES_128_CTR_HMAC_SHA256_80", 32, 16, 48, 10, sha256.New, newCTRHMAC},
	AES128CTRHMACSHA256_64: {"AES_128_CTR_HMAC_SHA256_64", 32, 16, 48, 8, sha256.New, newCTRHMAC},
	AES128CTRHMACSHA256_32: {"AES_128_CTR_HMAC_SHA256_32", 32, 16, 48, 4, sha256.New, newCTRHMAC},
	AES128GCMSHA256:        {"AES_128_GCM_SHA256_128", 32, 0, 16, 16, sha256.New, newGCM},
	AES256GCMSHA512:        {"AES_256_GCM_SHA512_128", 64, 0, 32, 16, sha512.New, newGCM},
	AES256CTRHMACSHA512_80: {"AES_256_CTR_HMAC_SHA512_80", 64, 32, 96, 10, sha512.New, newCTRHMAC},
	AES256CTRHMACSHA512_64: {"AES_256_CTR_HMAC_SHA512_64", 64, 32, 96, 8, sha512.New, newCTRHMAC},
	AES256CTRHMACSHA512_32: {"AES_256_CTR_HMAC_SHA512_32", 64, 32, 96, 4, sha512.New, newCTRHMAC},
	ChaCha20Poly1305SHA256: {"CHACHA20_POLY1305_SHA256_128", 32, 0, 32, 16, sha256.New, newChaCha},
}

func newGCM(_ *params, key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

func newChaCha(_ *params, key []byte) (cipher.AEAD, error) { return chacha20poly1305.New(key) }

// Valid reports whether s is one of this package's suites.
func (s Suite) Valid() bool { return suites[s] != nil }

// KeySize is AEAD.Nk in bytes, which is also the length of a base key exported from MLS (section 5.2). It is 0 for an
// unknown suite.
func (s Suite) KeySize() int {
	if p := suites[s]; p != nil {
		return p.nk
	}
	return 0
}

// TagSize is AEAD.Nt in bytes, 0 for an unknown suite.
func (s Suite) TagSize() int {
	if p := suites[s]; p != nil {
		return p.nt
	}
	return 0
}

// HashSize is Hash.Nh in bytes, which is also the length of a ratcheted base key (section 5.1). It is 0 for an unknown
// suite.
func (s Suite) HashSize() int {
	if p := suites[s]; p != nil {
		return p.nh
	}
	return 0
}

// Overhead is by how many bytes a sealed frame is longer than the frame, at most. It is 0 for an unknown suite.
func (s Suite) Overhead() int {
	if p := suites[s]; p != nil {
		return MaxHeaderLen + p.nt
	}
	return 0
}

// String is the registry's name of the suite.
func (s Suite) String() string {
	if p := suites[s]; p != nil {
		return p.name
	}
	return fmt.Sprintf("Suite(0x%04x)", uint16(s))
}

func (s Suite) params() (*params, error) {
	if p := suites[s]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("%w: 0x%04x", ErrSuite, uint16(s))
}
