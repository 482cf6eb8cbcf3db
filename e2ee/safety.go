package e2ee

import (
	"bytes"
	"crypto/sha512"
	"fmt"
	"strings"
)

// SafetyNumber is 60 digits that both of two identities compute alike, whoever is a and b, and that stay the same for
// as long as both identities do. People compare them once, by another way than this call.
//
// half(id) = SHA-512("sotto/v1 safety" || id), of which bytes 0 to 29 are six 5-byte big-endian integers modulo 100000;
// the two halves stand in ascending order.
func SafetyNumber(a, b ID) string {
	x, y := safetyHalf(a), safetyHalf(b)
	if x > y {
		x, y = y, x
	}
	return x + y
}

// FormatSafetyNumber breaks a safety number into 12 groups of 5 digits, 4 on a line.
func FormatSafetyNumber(number string) string {
	var b strings.Builder
	for i, r := range number {
		if i > 0 && i%20 == 0 {
			b.WriteByte('\n')
		} else if i > 0 && i%5 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func safetyHalf(id ID) string {
	h := sha512.Sum512(append([]byte("sotto/v1 safety"), id[:]...))
	var b bytes.Buffer
	for i := 0; i < 30; i += 5 {
		n := uint64(h[i])<<32 | uint64(h[i+1])<<24 | uint64(h[i+2])<<16 | uint64(h[i+3])<<8 | uint64(h[i+4])
		fmt.Fprintf(&b, "%05d", n%100000)
	}
	return b.String()
}
