package e2ee

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/sotto-calls/sotto/internal/wire"
)

// Message is what one identity says to another, signed. This package carries Body without looking into it.
type Message struct {
	From ID        // who signed it; Seal fills it in
	To   ID        // whom it is for; Open checks it
	Call [32]byte  // random, names the call or other exchange that it belongs to
	Seq  uint64    // counts the sender's messages of this call, from 0
	Time time.Time // the sender's clock; travels in milliseconds
	Type uint64    // below 64: package call's; from 64: this package's (TypeContactRequest …)
	Body []byte    // opaque
	Ref  []byte    // 32 bytes: the hash of the message that this one answers; nil if none
}

// Types of this package's own messages.
const (
	TypeContactRequest uint64 = 64 // an invitation was used: see Contacts.Receive
	TypeContactConfirm uint64 = 65 // a request was granted
	TypeRevocation     uint64 = 66 // an identity is no longer to be trusted
	TypeMissedCall     uint64 = 67 // a notice; in notice boxes alone, and nothing else is in them
)

// messageLabel keeps signatures of messages apart from all others by the same key.
const messageLabel = "sotto/v1 message\x00"

// maxTime is the end of the year 9999 in milliseconds: beyond it time.Time does not print.
const maxTime = 253402300799999

// payload is what is hashed and signed: a CBOR map, core deterministic.
type payload struct {
	From []byte `cbor:"1,keyasint"`
	To   []byte `cbor:"2,keyasint"`
	Call []byte `cbor:"3,keyasint"`
	Seq  uint64 `cbor:"4,keyasint"`
	Time uint64 `cbor:"5,keyasint"`
	Type uint64 `cbor:"6,keyasint"`
	Body []byte `cbor:"7,keyasint"`
	Ref  []byte `cbor:"8,keyasint,omitempty"`
}

// signed is a payload with its signature.
type signed struct {
	_       struct{} `cbor:",toarray"`
	Payload []byte
	Sig     []byte
}

// sign encodes m as from this identity and gives the signed bytes and the payload's hash.
func (id *Identity) sign(m Message) (out []byte, hash [32]byte, err error) {
	if err := m.To.Check(); err != nil {
		return nil, hash, err
	}
	if m.Ref != nil && len(m.Ref) != len(hash) {
		return nil, hash, fmt.Errorf("%w: ref of %d bytes", ErrMalformed, len(m.Ref))
	}
	ms := m.Time.UnixMilli()
	if ms < 0 || ms > maxTime {
		return nil, hash, fmt.Errorf("%w: time before 1970 or after 9999", ErrMalformed)
	}
	p, err := wire.Marshal(payload{
		From: id.id[:], To: m.To[:], Call: m.Call[:], Seq: m.Seq, Time: uint64(ms), Type: m.Type, Body: m.Body, Ref: m.Ref,
	})
	if err != nil {
		return nil, hash, err
	}
	sig := id.mailbox.keys.signature(append([]byte(messageLabel), p...))
	if sig == nil {
		return nil, hash, ErrDestroyed
	}
	out, err = wire.Marshal(signed{Payload: p, Sig: sig})
	return out, sha256.Sum256(p), err
}

// parseSigned reads a signed message for me and verifies it: CBOR shape, recipient, signature, in this order. What is
// hashed and verified are the bytes received.
func parseSigned(b []byte, me ID) (m Message, hash [32]byte, err error) {
	var s signed
	if err := decodeExact(b, &s); err != nil {
		return m, hash, err
	}
	var p payload
	if err := decodeExact(s.Payload, &p); err != nil {
		return m, hash, err
	}
	if err := p.checkShape(); err != nil {
		return m, hash, err
	}
	if !bytes.Equal(p.To, me[:]) {
		return m, hash, ErrWrongRecipient
	}
	from, err := NewID(p.From)
	if err != nil {
		return m, hash, err
	}
	if err := verify(p.From[:32], append([]byte(messageLabel), s.Payload...), s.Sig); err != nil {
		return m, hash, err
	}
	m = Message{
		From: from, To: me, Call: [32]byte(p.Call), Seq: p.Seq, Time: time.UnixMilli(int64(p.Time)),
		Type: p.Type, Body: p.Body, Ref: p.Ref,
	}
	return m, sha256.Sum256(s.Payload), nil
}

func (p *payload) checkShape() error {
	switch {
	case len(p.From) != IDSize, len(p.To) != IDSize, len(p.Call) != 32, p.Time > maxTime:
		return fmt.Errorf("%w: message", ErrMalformed)
	case len(p.Ref) != 0 && len(p.Ref) != 32:
		return fmt.Errorf("%w: ref of %d bytes", ErrMalformed, len(p.Ref))
	}
	return nil
}

// decodeExact decodes b into v and requires b to be v's one deterministic encoding. That also finds what is missing: a
// key that a decoder takes for its zero value, or null for an empty string.
func decodeExact[T any](b []byte, v *T) error {
	if err := wire.Unmarshal(b, v, maxSigned); err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	again, err := wire.Marshal(*v)
	if err != nil || !bytes.Equal(again, b) {
		return fmt.Errorf("%w: not core deterministic CBOR", ErrMalformed)
	}
	return nil
}
