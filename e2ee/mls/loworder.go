package mls

import (
	"bytes"
	"encoding/hex"
)

// lowOrder are the u-coordinates of Curve25519's points of low order, and the two that stand for them unreduced. A
// secret shared with such a key is zero, so HPKE refuses it: a member who has one in its leaf would keep all others
// from committing. Therefore it is refused at the door.
var lowOrder = func() (list [][]byte) {
	for _, u := range []string{
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
		"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	} {
		b, _ := hex.DecodeString(u)
		list = append(list, b)
	}
	return list
}()

// checkEncryptionKey verifies that a public key is one to which something can be encrypted.
func (s *suite) checkEncryptionKey(key []byte) error {
	if _, err := s.kem.NewPublicKey(key); err != nil {
		return invalid("HPKE public key")
	}
	if s.id == P256AES128 {
		return nil
	}
	u := bytes.Clone(key[len(key)-32:]) // of the hybrid, the last part
	u[31] &= 0x7f                       // the bit that X25519 ignores
	for _, low := range lowOrder {
		if bytes.Equal(u, low) {
			return invalid("HPKE public key of low order")
		}
	}
	return nil
}
