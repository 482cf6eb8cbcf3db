package e2ee

import (
	"fmt"
	"strings"
)

// Bech32m (BIP 350): letters and digits that are hard to mistake for one another, and a checksum of 30 bits. A text of
// the length of ours is known to be wrong whenever up to three characters are, and else but for one time in 2^30.
const (
	bech32Alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
	bech32mConst   = 0x2bc830a3
	checksumChars  = 6
)

func bech32Encode(prefix string, data []byte) string {
	values := regroup(data, 8, 5)
	sum := polymod(prefix, append(values, make([]byte, checksumChars)...)) ^ bech32mConst
	for i := range checksumChars {
		values = append(values, byte(sum>>(5*(checksumChars-1-i)))&31)
	}
	var b strings.Builder
	b.WriteString(prefix + "1")
	for _, v := range values {
		b.WriteByte(bech32Alphabet[v])
	}
	return b.String()
}

// bech32Decode wants exactly size bytes, in lower or upper case but not both.
func bech32Decode(prefix, s string, size int) ([]byte, error) {
	if len(s) != len(prefix)+1+(size*8+4)/5+checksumChars {
		return nil, fmt.Errorf("%w: %d characters", ErrMalformed, len(s))
	}
	if s == strings.ToUpper(s) {
		s = strings.ToLower(s)
	}
	rest, ok := strings.CutPrefix(s, prefix+"1")
	if !ok {
		return nil, fmt.Errorf("%w: does not start with %s1", ErrMalformed, prefix)
	}
	values := make([]byte, len(rest))
	for i := range len(rest) {
		v := strings.IndexByte(bech32Alphabet, rest[i])
		if v < 0 {
			return nil, fmt.Errorf("%w: character %d", ErrMalformed, len(prefix)+2+i)
		}
		values[i] = byte(v)
	}
	if polymod(prefix, values) != bech32mConst {
		return nil, fmt.Errorf("%w: a character is wrong (checksum)", ErrMalformed)
	}
	values = values[:len(values)-checksumChars]
	data := regroup(values, 5, 8)[:size]
	if again := regroup(data, 8, 5); string(again) != string(values) {
		return nil, fmt.Errorf("%w: padding bits", ErrMalformed)
	}
	return data, nil
}

// polymod is the checksum of BIP 173 over the expanded prefix and values.
func polymod(prefix string, values []byte) uint32 {
	generator := [5]uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3}
	sum := uint32(1)
	add := func(v byte) {
		top := sum >> 25
		sum = sum&0x1ffffff<<5 ^ uint32(v)
		for i, g := range generator {
			if top>>i&1 == 1 {
				sum ^= g
			}
		}
	}
	for i := range len(prefix) {
		add(prefix[i] >> 5)
	}
	add(0)
	for i := range len(prefix) {
		add(prefix[i] & 31)
	}
	for _, v := range values {
		add(v)
	}
	return sum
}

// regroup turns groups of from bits into groups of to bits, padded with zero bits at the end.
func regroup(in []byte, from, to uint) []byte {
	var acc, bits uint
	out := make([]byte, 0, (uint(len(in))*from+to-1)/to)
	for _, v := range in {
		acc = acc<<from | uint(v)
		bits += from
		for bits >= to {
			bits -= to
			out = append(out, byte(acc>>bits&(1<<to-1)))
		}
		acc &= 1<<bits - 1
	}
	if bits > 0 {
		out = append(out, byte(acc<<(to-bits)&(1<<to-1)))
	}
	return out
}
