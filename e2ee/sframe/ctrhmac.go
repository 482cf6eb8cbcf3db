package sframe

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/subtle"
	"encoding/binary"
	"hash"
)

// ctrHMAC is the compound AEAD of section 4.5.1: AES in counter mode, then HMAC over everything, truncated. The fields
// after mac are scratch space: they would be allocated anew for every frame if they were variables.
type ctrHMAC struct {
	block cipher.Block
	mac   hash.Hash
	nt    int

	counter [aes.BlockSize]byte
	stream  [32 * aes.BlockSize]byte
	prefix  [24 + nonceSize]byte
	sum     []byte
}

// newCTRHMAC splits the key (derive_subkeys): the first Nka bytes encrypt, the other Nh authenticate.
func newCTRHMAC(p *params, key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key[:p.nka])
	if err != nil {
		return nil, err
	}
	return &ctrHMAC{block: block, mac: hmac.New(p.hash, key[p.nka:]), nt: p.nt, sum: make([]byte, 0, p.nh)}, nil
}

func (c *ctrHMAC) NonceSize() int { return nonceSize }
func (c *ctrHMAC) Overhead() int  { return c.nt }

// Seal appends ciphertext and tag to dst. plaintext is where the ciphertext goes, or does not overlap it.
func (c *ctrHMAC) Seal(dst, nonce, plaintext, aad []byte) []byte {
	out, body := extend(dst, len(plaintext)+c.nt)
	ct := body[:len(plaintext)]
	c.xor(ct, plaintext, nonce)
	copy(body[len(plaintext):], c.tag(nonce, aad, ct))
	return out
}

// Open appends the plaintext to dst. ciphertext is where the plaintext goes, or does not overlap it.
func (c *ctrHMAC) Open(dst, nonce, ciphertext, aad []byte) ([]byte, error) {
	n := len(ciphertext) - c.nt
	if n < 0 || subtle.ConstantTimeCompare(c.tag(nonce, aad, ciphertext[:n]), ciphertext[n:]) != 1 {
		return nil, ErrAuthentication
	}
	out, body := extend(dst, n)
	c.xor(body, ciphertext[:n], nonce)
	return out, nil
}

// xor is AES-CTR from the block nonce || 0x00000000 on. It calls the block cipher itself because cipher.NewCTR
// allocates, for each frame, a copy of the key schedule.
func (c *ctrHMAC) xor(dst, src, nonce []byte) {
	copy(c.counter[:], nonce)
	var n uint32
	for len(src) > 0 {
		want := min(len(src), len(c.stream))
		for i := 0; i < want; i += aes.BlockSize {
			binary.BigEndian.PutUint32(c.counter[nonceSize:], n)
			c.block.Encrypt(c.stream[i:], c.counter[:])
			n++
		}
		subtle.XORBytes(dst, src, c.stream[:want])
		dst, src = dst[want:], src[want:]
	}
}

// tag is compute_tag: the HMAC of the three lengths, nonce, AAD and ciphertext, cut to Nt bytes.
func (c *ctrHMAC) tag(nonce, aad, ct []byte) []byte {
	binary.BigEndian.PutUint64(c.prefix[0:], uint64(len(aad)))
	binary.BigEndian.PutUint64(c.prefix[8:], uint64(len(ct)))
	binary.BigEndian.PutUint64(c.prefix[16:], uint64(c.nt))
	copy(c.prefix[24:], nonce)
	c.mac.Reset()
	c.mac.Write(c.prefix[:])
	c.mac.Write(aad)
	c.mac.Write(ct)
	return c.mac.Sum(c.sum[:0])[:c.nt]
}
