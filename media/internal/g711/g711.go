package g711

import "math/bits"

// EncodeU appends one µ-law byte per sample.
func EncodeU(dst []byte, pcm []int16) []byte {
	for _, v := range pcm {
		dst = append(dst, encodeU(v))
	}
	return dst
}

// DecodeU appends one sample per µ-law byte: -32124 to 32124.
func DecodeU(dst []int16, b []byte) []int16 {
	for _, v := range b {
		dst = append(dst, decodedU[v])
	}
	return dst
}

// EncodeA appends one A-law byte per sample.
func EncodeA(dst []byte, pcm []int16) []byte {
	for _, v := range pcm {
		dst = append(dst, encodeA(v))
	}
	return dst
}

// DecodeA appends one sample per A-law byte: -32256 to 32256, never 0.
func DecodeA(dst []int16, b []byte) []int16 {
	for _, v := range b {
		dst = append(dst, decodedA[v])
	}
	return dst
}

const (
	biasU = 33   // moves the ends of the segments to powers of two (G.711, table 2)
	clipU = 8158 // the greatest of 14 bits that has a code
)

// encodeU works on the magnitude in 14 bits. A segment is told by the highest bit set once the bias is added, and the next
// four bits are the step in it; all bits are sent inverted.
func encodeU(v int16) byte {
	m, sign := magnitude(int(v)>>2, 0x80)
	m = min(m, clipU) + biasU
	segment := bits.Len(uint(m)) - 6
	return ^(sign | byte(segment<<4) | byte(m>>(segment+1)&0x0f))
}

// encodeA works on the magnitude in 12 bits, of which the lowest two segments share one step. Even bits are sent inverted.
func encodeA(v int16) byte {
	m, sign := magnitude(int(v)>>4, 0)
	if v >= 0 {
		sign = 0x80
	}
	segment := max(bits.Len(uint(m))-4, 0)
	return (sign | byte(segment<<4) | byte(m>>max(segment-1, 0)&0x0f)) ^ 0x55
}

// magnitude returns how far v is from the middle between -1 and 0, and sign if it is below: the codes are symmetric about it.
func magnitude(v int, sign byte) (int, byte) {
	if v < 0 {
		return ^v, sign
	}
	return v, 0
}

var decodedU, decodedA = tables()

func tables() (u, a [256]int16) {
	for i := range 256 {
		c := ^byte(i)
		m := (int(c&0x0f)<<1+biasU)<<(c>>4&7) - biasU
		u[i] = signed(m<<2, c&0x80 != 0)

		c = byte(i) ^ 0x55
		m = int(c&0x0f)<<1 + 1
		if s := c >> 4 & 7; s > 0 {
			m = (m + 32) << (s - 1)
		}
		a[i] = signed(m<<3, c&0x80 == 0)
	}
	return u, a
}

func signed(m int, negative bool) int16 {
	if negative {
		m = -m
	}
	return int16(m)
}
