package e2ee

import (
	"crypto/ecdh"
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"math/big"
	"slices"
)

// Both curves share the field of p = 2^255 - 19; d is edwards25519's constant (RFC 8032, section 5.1). Only public
// keys are computed with these, so time may depend on the values.
var (
	fieldP = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	curveD = mustInt("37095705934669439343138083508754565189542113879843219016388785533085940283555")
	one    = big.NewInt(1)
)

// smallOrderY are the y coordinates of the eight points of edwards25519 whose order divides 8: orders 1, 2, 4 (twice),
// 8 (twice each). A point and its negative share y, so five values cover all eight.
var smallOrderY = []*big.Int{
	big.NewInt(0),
	big.NewInt(1),
	new(big.Int).Sub(fieldP, one),
	littleEndian(mustHex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")),
	littleEndian(mustHex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")),
}

// checkEd25519 refuses what is not the one canonical encoding of a point of edwards25519 of large order. crypto/ed25519
// accepts y >= p and points of small order; under the latter one signature verifies for every message.
func checkEd25519(pk []byte) error {
	if len(pk) != ed25519.PublicKeySize {
		return fmt.Errorf("%w: Ed25519 key of %d bytes", ErrMalformed, len(pk))
	}
	b := slices.Clone(pk)
	b[31] &= 0x7f // the sign of x; both signs of a small-order point are refused below
	y := littleEndian(b)
	if y.Cmp(fieldP) >= 0 {
		return fmt.Errorf("%w: Ed25519 key is not canonical", ErrWeakKey)
	}
	for _, bad := range smallOrderY {
		if y.Cmp(bad) == 0 {
			return fmt.Errorf("%w: Ed25519 key of small order", ErrWeakKey)
		}
	}
	if !onCurve(y) {
		return fmt.Errorf("%w: Ed25519 key is no point of the curve", ErrWeakKey)
	}
	return nil
}

// onCurve says whether x² = (y²-1)/(dy²+1) has a solution: whether that fraction is a square, and it is one exactly
// if the product of its two parts is.
func onCurve(y *big.Int) bool {
	y2 := new(big.Int).Mul(y, y)
	u := new(big.Int).Sub(y2, one)
	v := new(big.Int).Add(new(big.Int).Mul(y2, curveD), one)
	u.Mul(u, v).Mod(u, fieldP)
	return big.Jacobi(u, fieldP) >= 0
}

// checkX25519 refuses a public key that is not canonical (RFC 7748 would mask its top bit and reduce it) or that gives
// the all-zero shared secret whatever the other side's key is.
func checkX25519(pk []byte) error {
	if len(pk) != x25519Size {
		return fmt.Errorf("%w: X25519 key of %d bytes", ErrMalformed, len(pk))
	}
	if littleEndian(pk).Cmp(fieldP) >= 0 {
		return fmt.Errorf("%w: X25519 key is not canonical", ErrWeakKey)
	}
	public, err := ecdh.X25519().NewPublicKey(pk)
	if err != nil {
		return fmt.Errorf("%w: X25519 key", ErrMalformed)
	}
	// Every clamped scalar is a multiple of the cofactor 8, so any one of them shows a low order. This one is public.
	probe, err := ecdh.X25519().NewPrivateKey(make([]byte, x25519Size))
	if err != nil {
		return fmt.Errorf("e2ee: X25519 is not available: %w", err)
	}
	if _, err := probe.ECDH(public); err != nil {
		return fmt.Errorf("%w: X25519 key of low order", ErrWeakKey)
	}
	return nil
}

// verify is strict Ed25519: S < L and the canonical R are crypto/ed25519's, the checks of the key are ours. It is
// cofactorless (RFC 8032, section 5.1.7, the stronger of the two equations), as ed25519 of other languages is in its
// strict mode.
func verify(pk, message, sig []byte) error {
	if err := checkEd25519(pk); err != nil {
		return err
	}
	if len(sig) != ed25519.SignatureSize || !ed25519.Verify(pk, message, sig) {
		return ErrSignature
	}
	return nil
}

func littleEndian(b []byte) *big.Int {
	b = slices.Clone(b)
	slices.Reverse(b)
	return new(big.Int).SetBytes(b)
}

func mustInt(s string) *big.Int {
	n, ok := new(big.Int).SetString(s, 10)
	if !ok {
		panic("e2ee: bad constant")
	}
	return n
}

func mustHex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic("e2ee: bad constant")
	}
	return b
}
