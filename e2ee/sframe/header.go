package sframe

import (
	"encoding/binary"
	"math/bits"
)

// MaxHeaderLen is the length in bytes of the longest header: the config byte, 8 bytes of KID and 8 of CTR.
const MaxHeaderLen = 17

// Header is what precedes every sealed frame in clear (section 4.3): which key, and the how-manieth frame under it.
type Header struct {
	KID uint64 // key id
	CTR uint64 // counter
}

// The config byte: X KKK Y CCC.
const (
	extendedKID = 0x80 // X: K is the length of the KID, minus one
	extendedCTR = 0x08 // Y: C is the length of the CTR, minus one
)

// Len is the length of the encoded header in bytes, 1 to MaxHeaderLen.
func (h Header) Len() int { return 1 + fieldLen(h.KID) + fieldLen(h.CTR) }

// Append appends the encoded header to dst. A value "MUST be encoded with the minimum number of bytes required".
func (h Header) Append(dst []byte) []byte {
	config := fieldBits(h.KID)<<4 | fieldBits(h.CTR)
	dst = append(dst, config)
	dst = appendField(dst, h.KID)
	return appendField(dst, h.CTR)
}

// ParseHeader reads the header at the start of b and says how many bytes it takes. The error is ErrMalformed, also
// for a header that is not minimal: each pair of KID and CTR has one encoding.
func ParseHeader(b []byte) (Header, int, error) {
	if len(b) == 0 {
		return Header{}, 0, ErrMalformed
	}
	config, n := b[0], 1
	kid, ctr := uint64(config>>4&7), uint64(config&7)
	if config&extendedKID != 0 {
		size := int(kid) + 1
		if kid = field(b[n:], size); fieldLen(kid) != size {
			return Header{}, 0, ErrMalformed
		}
		n += size
	}
	if config&extendedCTR != 0 {
		size := int(ctr) + 1
		if ctr = field(b[n:], size); fieldLen(ctr) != size {
			return Header{}, 0, ErrMalformed
		}
		n += size
	}
	return Header{KID: kid, CTR: ctr}, n, nil
}

// fieldLen is how many bytes follow the config byte for v: none for 0 to 7, else as few as hold it.
func fieldLen(v uint64) int {
	if v < 8 {
		return 0
	}
	return (bits.Len64(v) + 7) / 8
}

// fieldBits are the flag and the three bits in the config byte for v.
func fieldBits(v uint64) byte {
	if v < 8 {
		return byte(v)
	}
	return 0x08 | byte(fieldLen(v)-1)
}

func appendField(dst []byte, v uint64) []byte {
	n := fieldLen(v)
	if n == 0 {
		return dst
	}
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], v<<(64-8*n))
	return append(dst, b[:n]...)
}

// field reads n bytes, big-endian. Too short an input reads as 0, which no field of n bytes is.
func field(b []byte, n int) uint64 {
	if len(b) >= 8 {
		return binary.BigEndian.Uint64(b) >> (64 - 8*n)
	}
	if len(b) < n {
		return 0
	}
	var v uint64
	for _, x := range b[:n] {
		v = v<<8 | uint64(x)
	}
	return v
}
