package e2ee

import (
	"bytes"
	"errors"
	"testing"
)

// TestTheSizeOfABoxIsLookedAtFirst: a box that cannot be one costs no HPKE: an enc of low order, of which HPKE would say
// that it is not for us, is not even read. Mutation: open without fits.
func TestTheSizeOfABoxIsLookedAtFirst(t *testing.T) {
	me := Generate()
	zero := append([]byte{envelopeFormat.version}, make([]byte, x25519EncSize)...)
	for n, want := range map[int]error{
		4096 + tagSize:     ErrNotSealedToUs, // the size of a box
		4096 + tagSize - 1: ErrMalformed,
		4096 + tagSize + 1: ErrMalformed,
		0:                  ErrMalformed,
		61440 + tagSize:    ErrNotSealedToUs,
	} {
		if _, _, err := me.Mailbox().Open(append(bytes.Clone(zero), make([]byte, n)...), me.Public()); !errors.Is(err, want) {
			t.Errorf("%d bytes: %v, want %v", n, err, want)
		}
	}
}
