package e2ee

import (
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/sotto-calls/sotto/internal/mailbox"
)

// Sizes in bytes.
const (
	// IDSize is the length of an ID.
	IDSize = ed25519.PublicKeySize + x25519Size
	// TokenSize is the length of a Token.
	TokenSize = 16

	x25519Size = 32
)

// ID is the public half of an identity: ed25519_pk(32) || x25519_pk(32). It is never split: addresses, safety numbers,
// signatures and credentials cover it whole, else whoever passes on a card could swap the key that envelopes are
// sealed to and keep the one that signs.
//
// An ID that came from somewhere else is only as good as [NewID], which every parser of this package calls. The zero
// ID names nobody.
type ID [IDSize]byte

// NewID takes the 64 bytes of an ID and refuses keys of small order or in a non-canonical encoding, with ErrWeakKey.
func NewID(b []byte) (ID, error) {
	if len(b) != IDSize {
		return ID{}, fmt.Errorf("%w: identity of %d bytes, want %d", ErrMalformed, len(b), IDSize)
	}
	id := ID(b)
	return id, id.Check()
}

// Check refuses the IDs that NewID refuses.
func (id ID) Check() error {
	if err := checkEd25519(id[:32]); err != nil {
		return err
	}
	return checkX25519(id[32:])
}

// IsZero says that id names nobody.
func (id ID) IsZero() bool { return id == ID{} }

// Ed25519 is a copy of the key that signs.
func (id ID) Ed25519() ed25519.PublicKey { return append(ed25519.PublicKey(nil), id[:32]...) }

// X25519 is a copy of the key that envelopes are sealed to.
func (id ID) X25519() []byte { return append([]byte(nil), id[32:]...) }

// Box is the identity's own mailbox, written to with this token: where an Invite goes.
func (id ID) Box(token Token) Box {
	return Box{Ed25519: [32]byte(id[:32]), HPKE: id.X25519(), Token: token}
}

// Address names the identity's own mailbox.
func (id ID) Address() [32]byte { return mailbox.Address(id[:32], id[32:]) }

// String is short, for logs: 12 hexadecimal digits that someone with a computer can imitate. Compare IDs with ==, and
// show people a [SafetyNumber]. The whole is [FormatID], or %x.
func (id ID) String() string { return "sotto:" + hex.EncodeToString(id[:6]) }

// Format prints all 64 bytes for %x and %X, and String for every other verb.
func (id ID) Format(f fmt.State, verb rune) {
	switch verb {
	case 'x':
		fmt.Fprintf(f, "%x", id[:])
	case 'X':
		fmt.Fprintf(f, "%X", id[:])
	default:
		_, _ = io.WriteString(f, id.String())
	}
}
