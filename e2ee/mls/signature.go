package mls

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
)

// signatureScheme is the signature algorithm of a suite. Keys that sign come from the caller as a crypto.Signer, so that
// this package need never hold one: it may live in a key store or in hardware.
type signatureScheme interface {
	public(key crypto.PublicKey) ([]byte, error)
	sign(signer crypto.Signer, message []byte) ([]byte, error)
	verify(public, message, signature []byte) bool
	checkKey(public []byte) error
	parse(private []byte) (crypto.Signer, error)
	generate() (crypto.Signer, error)
}

// GenerateSigner makes a random signature key for the suite: an ed25519.PrivateKey or an *ecdsa.PrivateKey.
func GenerateSigner(s Suite) (crypto.Signer, error) {
	p, err := s.lookup()
	if err != nil {
		return nil, err
	}
	return p.signature.generate()
}

// ParseSigner reads a private signature key: for Ed25519 its 32-byte seed, for P-256 the big-endian scalar.
func ParseSigner(s Suite, private []byte) (crypto.Signer, error) {
	p, err := s.lookup()
	if err != nil {
		return nil, err
	}
	return p.signature.parse(private)
}

func (s *suite) signWithLabel(signer crypto.Signer, label string, content []byte) ([]byte, error) {
	return s.signature.sign(signer, labelled(labelPrefix+label, content))
}

func (s *suite) verifyWithLabel(public []byte, label string, content, signature []byte) error {
	if !s.signature.verify(public, labelled(labelPrefix+label, content), signature) {
		return unauthentic("signature of %s", label)
	}
	return nil
}

type ed25519Scheme struct{}

func (ed25519Scheme) public(key crypto.PublicKey) ([]byte, error) {
	pk, ok := key.(ed25519.PublicKey)
	if !ok || len(pk) != ed25519.PublicKeySize {
		return nil, invalid("the suite signs with Ed25519, the signer with %T", key)
	}
	return pk, nil
}

func (ed25519Scheme) sign(signer crypto.Signer, message []byte) ([]byte, error) {
	return signer.Sign(rand.Reader, message, crypto.Hash(0))
}

func (ed25519Scheme) verify(public, message, signature []byte) bool {
	return len(public) == ed25519.PublicKeySize && ed25519.Verify(public, message, signature)
}

func (ed25519Scheme) checkKey(public []byte) error {
	if len(public) != ed25519.PublicKeySize {
		return invalid("Ed25519 key of %d bytes", len(public))
	}
	return nil
}

func (ed25519Scheme) parse(private []byte) (crypto.Signer, error) {
	if len(private) != ed25519.SeedSize {
		return nil, invalid("Ed25519 seed of %d bytes", len(private))
	}
	return ed25519.NewKeyFromSeed(private), nil
}

func (ed25519Scheme) generate() (crypto.Signer, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	return key, err
}

// ecdsaScheme is ECDSA on P-256 with SHA-256: public keys as uncompressed points, signatures in DER (section 5.1.2).
type ecdsaScheme struct{}

func (ecdsaScheme) public(key crypto.PublicKey) ([]byte, error) {
	pk, ok := key.(*ecdsa.PublicKey)
	if !ok || pk.Curve != elliptic.P256() {
		return nil, invalid("the suite signs with P-256, the signer with %T", key)
	}
	return pk.Bytes()
}

func (ecdsaScheme) sign(signer crypto.Signer, message []byte) ([]byte, error) {
	digest := sha256.Sum256(message)
	return signer.Sign(rand.Reader, digest[:], crypto.SHA256)
}

func (ecdsaScheme) verify(public, message, signature []byte) bool {
	pk, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), public)
	if err != nil {
		return false
	}
	digest := sha256.Sum256(message)
	return ecdsa.VerifyASN1(pk, digest[:], signature)
}

func (ecdsaScheme) checkKey(public []byte) error {
	if _, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), public); err != nil {
		return invalid("P-256 key")
	}
	return nil
}

func (ecdsaScheme) parse(private []byte) (crypto.Signer, error) {
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), private)
	if err != nil {
		return nil, invalid("P-256 scalar")
	}
	return key, nil
}

func (ecdsaScheme) generate() (crypto.Signer, error) {
	return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
}
