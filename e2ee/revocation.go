package e2ee

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/sotto-calls/sotto/internal/wire"
)

// Revocation is an identity's own word that it is not to be trusted any more, and perhaps which one takes its place.
//
// Whoever has the old key can say both, a thief too. So contacts act at once on the first half, which only takes trust
// away, and on the second only when their user accepts it: the new identity starts unverified.
type Revocation struct {
	ID         ID
	Time       time.Time
	ReplacedBy ID // signed too, so nobody is named against their will; zero: none
}

const (
	revocationLabel  = "sotto/v1 revocation\x00"  // before what the revoked identity signs
	replacementLabel = "sotto/v1 replacement\x00" // before what the new one signs

	maxRevocation = 512
	revokeScheme  = "sotto:revocation/"
)

type revocationPayload struct {
	ID         []byte `cbor:"1,keyasint"`
	Time       uint64 `cbor:"2,keyasint"`
	ReplacedBy []byte `cbor:"3,keyasint,omitempty"`
}

type signedRevocation struct {
	Payload []byte `cbor:"1,keyasint"`
	Sig     []byte `cbor:"2,keyasint"`
	NewSig  []byte `cbor:"3,keyasint,omitempty"`
}

// Revoke makes the statement that id is not to be trusted any more, and if next is not nil, that next takes its place.
// Make one when the identity is made and keep it apart: it is needed when the key is lost.
func (id *Identity) Revoke(now time.Time, next *Identity) ([]byte, error) {
	p := revocationPayload{ID: id.id[:], Time: uint64(now.UnixMilli())}
	if next != nil {
		p.ReplacedBy = next.id[:]
	}
	payload, err := wire.Marshal(p)
	if err != nil {
		return nil, err
	}
	s := signedRevocation{Payload: payload, Sig: id.mailbox.keys.signature(append([]byte(revocationLabel), payload...))}
	if s.Sig == nil {
		return nil, ErrDestroyed
	}
	if next != nil {
		if s.NewSig = next.mailbox.keys.signature(append([]byte(replacementLabel), payload...)); s.NewSig == nil {
			return nil, ErrDestroyed
		}
	}
	return wire.Marshal(s)
}

// ParseRevocation reads and verifies a statement.
func ParseRevocation(b []byte) (Revocation, error) {
	var r Revocation
	var s signedRevocation
	var p revocationPayload
	if len(b) > maxRevocation {
		return r, fmt.Errorf("%w: revocation of %d bytes", ErrTooLarge, len(b))
	}
	if err := decodeExact(b, &s); err != nil {
		return r, err
	}
	if err := decodeExact(s.Payload, &p); err != nil {
		return r, err
	}
	id, err := NewID(p.ID)
	if err != nil {
		return r, err
	}
	if p.Time > maxTime || (len(p.ReplacedBy) == 0) != (len(s.NewSig) == 0) {
		return r, fmt.Errorf("%w: revocation", ErrMalformed)
	}
	if err := verify(p.ID[:ed25519.PublicKeySize], append([]byte(revocationLabel), s.Payload...), s.Sig); err != nil {
		return r, err
	}
	r = Revocation{ID: id, Time: time.UnixMilli(int64(p.Time))}
	if len(p.ReplacedBy) == 0 {
		return r, nil
	}
	if r.ReplacedBy, err = NewID(p.ReplacedBy); err != nil {
		return Revocation{}, err
	}
	if r.ReplacedBy == r.ID {
		return Revocation{}, fmt.Errorf("%w: an identity replaced by itself", ErrMalformed)
	}
	err = verify(p.ReplacedBy[:ed25519.PublicKeySize], append([]byte(replacementLabel), s.Payload...), s.NewSig)
	if err != nil {
		return Revocation{}, err
	}
	return r, nil
}

// FormatRevocation is a statement as text: sotto:revocation/ and base64url.
func FormatRevocation(statement []byte) string {
	return revokeScheme + base64.RawURLEncoding.EncodeToString(statement)
}

// ParseRevocationText undoes FormatRevocation and verifies the statement, which it gives too.
func ParseRevocationText(s string) (Revocation, []byte, error) {
	rest, ok := strings.CutPrefix(strings.TrimSpace(s), revokeScheme)
	if !ok || len(rest) > 2*maxRevocation {
		return Revocation{}, nil, fmt.Errorf("%w: text of a revocation", ErrMalformed)
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(rest)
	if err != nil {
		return Revocation{}, nil, fmt.Errorf("%w: text of a revocation", ErrMalformed)
	}
	r, err := ParseRevocation(b)
	return r, b, err
}
