package keystore

import "crypto/rand"

// GeneratePassphrase makes a passphrase of 80 random bits: five pronounceable words of five letters, consonants and
// vowels in turn, as in "lusab-babad-gutih-tugad-mudof". (Each word holds 16 bits: three consonants of 4, two vowels
// of 2.) No word list is needed, and each word can be read over a telephone.
func GeneratePassphrase() string {
	const words, consonants, vowels = 5, "bdfghjklmnprstvz", "aiou"
	var b [2 * words]byte
	_, _ = rand.Read(b[:])
	out := make([]byte, 0, 6*words)
	for i := 0; i < len(b); i += 2 {
		if i > 0 {
			out = append(out, '-')
		}
		n := uint16(b[i])<<8 | uint16(b[i+1])
		out = append(out, consonants[n>>12], vowels[n>>10&3], consonants[n>>6&15], vowels[n>>4&3], consonants[n&15])
	}
	return string(out)
}
