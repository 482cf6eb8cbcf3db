package e2ee

import (
	"crypto/ecdh"
	"crypto/hpke"
	"fmt"
)

// Sizes of the HPKE keys and encapsulations of the two KEMs. The length of a mailbox's key names its KEM.
const (
	hybridKeySize = 1216 // ML-KEM-768 encapsulation key (1184) || X25519 key (32)
	x25519EncSize = 32
	hybridEncSize = 1120 // ML-KEM-768 ciphertext (1088) || X25519 key (32)
)

// HPKE, RFC 9180: DHKEM(X25519, HKDF-SHA256) or 0x647a, HKDF-SHA256, ChaCha20-Poly1305. Nothing is negotiated.
var (
	x25519KEM = hpke.DHKEM(ecdh.X25519())
	hybridKEM = hpke.MLKEM768X25519()
)

// parseHPKE chooses the KEM by the key's length and checks the key.
func parseHPKE(key []byte) (hpke.PublicKey, error) {
	kem, classic := x25519KEM, key
	switch len(key) {
	case x25519Size:
	case hybridKeySize:
		kem, classic = hybridKEM, key[hybridKeySize-x25519Size:]
	default:
		return nil, fmt.Errorf("%w: HPKE key of %d bytes", ErrMalformed, len(key))
	}
	if err := checkX25519(classic); err != nil {
		return nil, err
	}
	pk, err := kem.NewPublicKey(key)
	if err != nil {
		return nil, fmt.Errorf("%w: HPKE key", ErrMalformed)
	}
	return pk, nil
}

// encSize is the length of what precedes the ciphertext for a private key of this kind.
func encSize(k hpke.PrivateKey) int {
	if k.KEM().ID() == hybridKEM.ID() {
		return hybridEncSize
	}
	return x25519EncSize
}
