package media

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

var errNoFingerprint = errors.New("no fingerprint")

// parseFingerprint reads the value of an a=fingerprint line. Anything but SHA-256 is refused.
func parseFingerprint(value string) (sum [32]byte, err error) {
	algorithm, text, ok := strings.Cut(value, " ")
	if !ok || !strings.EqualFold(algorithm, "sha-256") || len(text) != 32*3-1 {
		return sum, fmt.Errorf("%w: not a sha-256 fingerprint", ErrFingerprint)
	}
	for i := 2; i < len(text); i += 3 {
		if text[i] != ':' {
			return sum, fmt.Errorf("%w: not a sha-256 fingerprint", ErrFingerprint)
		}
	}
	b, err := hex.DecodeString(strings.ReplaceAll(text, ":", ""))
	if err != nil || len(b) != len(sum) {
		return sum, fmt.Errorf("%w: not a sha-256 fingerprint", ErrFingerprint)
	}
	copy(sum[:], b)
	return sum, nil
}
