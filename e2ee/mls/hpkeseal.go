package mls

import (
	"crypto/ecdh"
	"crypto/rand"
	"encoding/binary"
)

// sealer makes EncryptWithLabel for many recipients of one context. A commit in a large group is little else than this.
// For X25519 it does what hpke.NewSender and Seal do (RFC 9180, base mode), but derives once what is the same for all,
// and leaves out the exporter secret: of the cost beside the two curve operations, four fifths. What it makes is opened
// with crypto/hpke, by our tests and by every receiver.
func (s *suite) sealer(label string, context []byte) func(publicKey, plaintext []byte) (hpkeCiphertext, error) {
	if s.kem.ID() != kemX25519 {
		return func(publicKey, plaintext []byte) (hpkeCiphertext, error) {
			return s.encryptWithLabel(publicKey, label, context, plaintext)
		}
	}
	b := baseSealer{suite: s, kemID: binary.BigEndian.AppendUint16([]byte("KEM"), kemX25519)}
	b.hpkeID = binary.BigEndian.AppendUint16([]byte("HPKE"), kemX25519)
	b.hpkeID = binary.BigEndian.AppendUint16(b.hpkeID, hkdfSHA256.ID())
	b.hpkeID = binary.BigEndian.AppendUint16(b.hpkeID, s.aead.ID())
	const modeBase = 0
	b.context = append([]byte{modeBase}, labeledExtract(b.hpkeID, nil, "psk_id_hash", nil)...)
	b.context = append(b.context, labeledExtract(b.hpkeID, nil, "info_hash", labelled(labelPrefix+label, context))...)
	return b.seal
}

const kemX25519 = 0x0020 // DHKEM(X25519, HKDF-SHA256)

// baseSealer holds what all encryptions of one context share.
type baseSealer struct {
	suite         *suite
	kemID, hpkeID []byte // suite_id of the KEM and of the key schedule
	context       []byte // key_schedule_context
}

func (b *baseSealer) seal(publicKey, plaintext []byte) (hpkeCiphertext, error) {
	shared, enc, err := b.encap(publicKey)
	if err != nil {
		return hpkeCiphertext{}, err
	}
	secret := labeledExtract(b.hpkeID, shared, "secret", nil)
	key := labeledExpand(b.hpkeID, secret, "key", b.context, b.suite.keySize)
	nonce := labeledExpand(b.hpkeID, secret, "base_nonce", b.context, nonceSize)
	ct, err := b.suite.seal(key, nonce, plaintext, nil)
	for _, used := range [][]byte{shared, secret, key} {
		clear(used)
	}
	return hpkeCiphertext{enc, ct}, err
}

// encap is Encap of DHKEM. ECDH fails for a point of low order.
func (b *baseSealer) encap(publicKey []byte) (shared, enc []byte, err error) {
	pk, err := ecdh.X25519().NewPublicKey(publicKey)
	if err != nil {
		return nil, nil, invalid("HPKE public key")
	}
	ephemeral, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	dh, err := ephemeral.ECDH(pk)
	if err != nil {
		return nil, nil, invalid("HPKE public key of low order")
	}
	enc = ephemeral.PublicKey().Bytes()
	prk := labeledExtract(b.kemID, nil, "eae_prk", dh)
	shared = labeledExpand(b.kemID, prk, "shared_secret", append(enc[:len(enc):len(enc)], publicKey...), hashSize)
	clear(dh)
	clear(prk)
	return shared, enc, nil
}

// labeledExtract is LabeledExtract of RFC 9180, section 4. An empty salt is the same HMAC key as one of zeros.
func labeledExtract(suiteID, salt []byte, label string, ikm []byte) []byte {
	in := append(make([]byte, 0, 64+len(ikm)), "HPKE-v1"...)
	in = append(append(append(in, suiteID...), label...), ikm...)
	return mac(salt, in)
}

// labeledExpand is LabeledExpand, for at most one block.
func labeledExpand(suiteID, prk []byte, label string, info []byte, length int) []byte {
	in := binary.BigEndian.AppendUint16(make([]byte, 0, 64+len(info)), uint16(length))
	in = append(append(append(append(in, "HPKE-v1"...), suiteID...), label...), info...)
	return expandOnce(prk, in)[:length]
}
