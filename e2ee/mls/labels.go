package mls

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/hpke"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
)

// The labelled functions of sections 5 and 8. Every label is prefixed so that no value made for one purpose, or by
// another protocol, serves another.
const labelPrefix = "MLS 1.0 "

func hash(data []byte) []byte {
	h := sha256.Sum256(data)
	return h[:]
}

// labelled encodes { opaque label<V>; opaque content<V> }, which SignContent, EncryptContext and RefHashInput share.
func labelled(label string, content []byte) []byte {
	w := &writer{b: make([]byte, 0, len(label)+len(content)+16)}
	w.opaque([]byte(label))
	w.opaque(content)
	return w.b
}

func refHash(label string, value []byte) []byte { return hash(labelled(label, value)) }

// derived is told of each secret that is derived. Tests set it, to look for those that nobody zeroes.
var derived = func(secret []byte) []byte { return secret }

// extract is KDF.Extract. It fails for no input of ours.
func extract(salt, ikm []byte) []byte {
	out, err := hkdf.Extract(sha256.New, ikm, salt)
	if err != nil {
		panic(err)
	}
	return derived(out)
}

// expandWithLabel is ExpandWithLabel of section 8. Its length is at most 255 × 32 bytes; exported lengths are checked.
func expandWithLabel(secret []byte, label string, context []byte, length int) []byte {
	w := &writer{b: make([]byte, 0, len(label)+len(context)+16)}
	w.u16(uint16(length))
	w.length(len(labelPrefix) + len(label))
	w.b = append(append(w.b, labelPrefix...), label...)
	w.opaque(context)
	if length <= hashSize {
		return derived(expandOnce(secret, w.b)[:length])
	}
	out, err := hkdf.Expand(sha256.New, secret, string(w.b), length)
	if err != nil {
		panic(err)
	}
	return derived(out)
}

// expandOnce is HKDF-Expand for one block: nearly every secret is one, and the general function costs twice as much.
func expandOnce(secret, info []byte) []byte {
	m := hmac.New(sha256.New, secret)
	m.Write(info)
	m.Write([]byte{1})
	return m.Sum(nil)
}

func deriveSecret(secret []byte, label string) []byte {
	return expandWithLabel(secret, label, nil, hashSize)
}

func deriveTreeSecret(secret []byte, label string, generation uint32, length int) []byte {
	return expandWithLabel(secret, label, binary.BigEndian.AppendUint32(nil, generation), length)
}

func mac(key, data []byte) []byte {
	m := hmac.New(sha256.New, key)
	m.Write(data)
	return m.Sum(nil)
}

func equalMAC(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }

// tagSize is the size of a tag of both AEADs, in bytes.
const tagSize = 16

// hpkeCiphertext is HPKECiphertext of section 7.6.
type hpkeCiphertext struct{ kemOutput, ciphertext []byte }

func (c *hpkeCiphertext) encode(w *writer) {
	w.opaque(c.kemOutput)
	w.opaque(c.ciphertext)
}

func (c *hpkeCiphertext) decode(r *reader) {
	c.kemOutput = r.opaqueView()
	if c.ciphertext = r.opaqueView(); len(c.ciphertext) < tagSize {
		r.fail("HPKE ciphertext of %d bytes", len(c.ciphertext)) // and so many of them cannot cost more than they weigh
	}
}

// encryptWithLabel is EncryptWithLabel of section 5.1.3.
func (s *suite) encryptWithLabel(publicKey []byte, label string, context, plaintext []byte) (hpkeCiphertext, error) {
	pk, err := s.kem.NewPublicKey(publicKey)
	if err != nil {
		return hpkeCiphertext{}, invalid("HPKE public key")
	}
	enc, sender, err := hpke.NewSender(pk, hkdfSHA256, s.aead, labelled(labelPrefix+label, context))
	if err != nil {
		return hpkeCiphertext{}, invalid("HPKE encapsulation")
	}
	ct, err := sender.Seal(nil, plaintext)
	return hpkeCiphertext{enc, ct}, err
}

// decryptWithLabel is the inverse.
func (s *suite) decryptWithLabel(key hpke.PrivateKey, label string, context []byte, c hpkeCiphertext) ([]byte, error) {
	recipient, err := hpke.NewRecipient(c.kemOutput, key, hkdfSHA256, s.aead, labelled(labelPrefix+label, context))
	if err != nil {
		return nil, unauthentic("HPKE decapsulation")
	}
	p, err := recipient.Open(nil, c.ciphertext)
	if err != nil {
		return nil, unauthentic("HPKE tag")
	}
	return p, nil
}
