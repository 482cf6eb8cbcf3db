package mls

import (
	"bytes"
	"crypto/ecdh"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
)

// Sealing to many: a commit in a large group is little else than EncryptWithLabel of one context to every member. For
// X25519 a sealer does what hpke.NewSender and Seal do (RFC 9180, base mode), but derives once what is the same for all
// recipients, leaves out the exporter secret, and allocates no more than it returns. That takes off 6 % of a commit
// among 50 members and 10 % among 1,000, three quarters of the bytes and six in seven of the allocations; the rest is
// two scalar multiplications in crypto/ecdh, which docs/design/05-mls-speed.md explains. Whatever is sealed here is
// opened with crypto/hpke, by the tests and by every receiver.

const kemX25519 = 0x0020 // DHKEM(X25519, HKDF-SHA256)

// baseSealer holds what all encryptions of one context share.
type baseSealer struct {
	suite         *suite
	kemID, hpkeID []byte // suite_id of the KEM and of the key schedule
	context       []byte // key_schedule_context
}

// sealer is encryptWithLabel of one label and context, for many recipients.
func (s *suite) sealer(label string, context []byte) func(publicKey, plaintext []byte) (hpkeCiphertext, error) {
	if s.kem.ID() != kemX25519 {
		return func(publicKey, plaintext []byte) (hpkeCiphertext, error) {
			return s.encryptWithLabel(publicKey, label, context, plaintext)
		}
	}
	b := &baseSealer{suite: s, kemID: binary.BigEndian.AppendUint16([]byte("KEM"), kemX25519)}
	b.hpkeID = binary.BigEndian.AppendUint16([]byte("HPKE"), kemX25519)
	b.hpkeID = binary.BigEndian.AppendUint16(b.hpkeID, hkdfSHA256.ID())
	b.hpkeID = binary.BigEndian.AppendUint16(b.hpkeID, s.aead.ID())
	const modeBase = 0
	pskID := labeledExtract(b.hpkeID, nil, "psk_id_hash", nil)
	info := labeledExtract(b.hpkeID, nil, "info_hash", labelled(labelPrefix+label, context))
	b.context = append(append([]byte{modeBase}, pskID[:]...), info[:]...)
	return b.seal
}

// seal is KeySchedule of section 5.1 and the first ContextS.Seal, whose nonce is the base nonce.
func (b *baseSealer) seal(publicKey, plaintext []byte) (hpkeCiphertext, error) {
	shared, enc, err := b.encap(publicKey)
	if err != nil {
		return hpkeCiphertext{}, err
	}
	secret := labeledExtract(b.hpkeID, shared[:], "secret", nil)
	key := labeledExpand(b.hpkeID, &secret, "key", b.context, b.suite.keySize)
	nonce := labeledExpand(b.hpkeID, &secret, "base_nonce", b.context, nonceSize)
	ct, err := b.suite.seal(key[:b.suite.keySize], nonce[:nonceSize], plaintext, nil)
	clear(shared[:])
	clear(secret[:])
	clear(key[:])
	return hpkeCiphertext{enc, ct}, err
}

// encap is Encap of section 4.1. ECDH fails for a point of low order.
func (b *baseSealer) encap(publicKey []byte) (shared [hashSize]byte, enc []byte, err error) {
	pk, err := ecdh.X25519().NewPublicKey(publicKey)
	if err != nil {
		return shared, nil, invalid("HPKE public key")
	}
	ephemeral, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return shared, nil, err
	}
	dh, err := ephemeral.ECDH(pk)
	if err != nil {
		return shared, nil, invalid("HPKE public key of low order")
	}
	enc = ephemeral.PublicKey().Bytes()
	var context [64]byte
	copy(context[copy(context[:], enc):], publicKey)
	prk := labeledExtract(b.kemID, nil, "eae_prk", dh)
	shared = labeledExpand(b.kemID, &prk, "shared_secret", context[:], hashSize)
	clear(dh)
	clear(prk[:])
	return shared, enc, nil
}

// labeledExtract is LabeledExtract of section 4. An empty salt is the same HMAC key as one of zeros.
func labeledExtract(suiteID, salt []byte, label string, ikm []byte) [hashSize]byte {
	var short [shortMAC]byte
	in := append(append(append(short[:0], "HPKE-v1"...), suiteID...), label...)
	return hmacOnce(salt, append(in, ikm...))
}

// labeledExpand is LabeledExpand for one block, of which the first length bytes count.
func labeledExpand(suiteID []byte, prk *[hashSize]byte, label string, info []byte, length int) [hashSize]byte {
	var short [shortMAC]byte
	in := binary.BigEndian.AppendUint16(short[:0], uint16(length))
	in = append(append(append(append(in, "HPKE-v1"...), suiteID...), label...), info...)
	return hmacOnce(prk[:], append(in, 1))
}

// shortMAC is as much as hmacOnce takes without allocating, and more than the inputs above need.
const shortMAC = 192

// hmacOnce is HMAC-SHA-256 (RFC 2104), on the stack.
func hmacOnce(key, message []byte) (sum [hashSize]byte) {
	if len(key) > sha256.BlockSize || len(message) > shortMAC {
		m := hmac.New(sha256.New, bytes.Clone(key)) // copies, so that short arguments need not be on the heap
		m.Write(bytes.Clone(message))
		return [hashSize]byte(m.Sum(nil))
	}
	var inner [sha256.BlockSize + shortMAC]byte
	var outer [sha256.BlockSize + hashSize]byte
	for i := range sha256.BlockSize {
		inner[i], outer[i] = 0x36, 0x5c
	}
	subtle.XORBytes(inner[:], inner[:], key)
	subtle.XORBytes(outer[:], outer[:], key)
	n := sha256.BlockSize + copy(inner[sha256.BlockSize:], message)
	sum = sha256.Sum256(inner[:n])
	copy(outer[sha256.BlockSize:], sum[:])
	sum = sha256.Sum256(outer[:])
	clear(inner[:])
	clear(outer[:])
	return sum
}
