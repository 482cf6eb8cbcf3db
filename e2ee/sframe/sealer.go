package sframe

import (
	"fmt"
	"log/slog"
	"math"
)

// Sealer encrypts frames under one KID, with counters from 0 up. There must be one Sealer for a base key and KID, ever:
// a second one would use the same nonces (section 9.1). It is for one goroutine at a time.
type Sealer struct {
	k *sendKey // a pointer, so that printing a Sealer cannot print a key
}

type sendKey struct {
	*material
	kid  uint64
	next uint64 // CTR of the next frame
	done bool   // the last CTR is used
	tag  int
}

// NewSealer derives the sending key of kid from a base key, which it does not keep.
func NewSealer(suite Suite, kid uint64, base []byte) (*Sealer, error) {
	return ResumeSealer(suite, kid, base, 0)
}

// ResumeSealer is NewSealer with next as the first counter, for a context that was stored (section 9.1: a counter above
// all used ones is stored before the first of them is used).
func ResumeSealer(suite Suite, kid uint64, base []byte, next uint64) (*Sealer, error) {
	p, err := suite.params()
	if err != nil {
		return nil, err
	}
	m, err := derive(p, suite, kid, base)
	if err != nil {
		return nil, err
	}
	return &Sealer{&sendKey{material: m, kid: kid, next: next, tag: p.nt}}, nil
}

// Seal appends to dst the header, the encrypted frame and the tag: at most Suite.Overhead more bytes than the frame.
// metadata is authenticated and not sent: the receiver must have the same bytes. The counter is used up even if the
// caller drops the result. The error is ErrExhausted, after the frame with the counter 2^64-1. Seal panics after Destroy.
func (s *Sealer) Seal(dst, metadata, frame []byte) ([]byte, error) {
	k := s.k
	if k == nil {
		panic("sframe: Seal after Destroy")
	}
	if k.done {
		return dst, ErrExhausted
	}
	header := Header{KID: k.kid, CTR: k.next}
	k.aad = header.Append(k.aad[:0])
	n := len(k.aad)
	k.aad = append(k.aad, metadata...) // before dst is written: they may overlap
	k.setNonce(k.next)
	k.done = k.next == math.MaxUint64
	k.next++ // before the key is used: no path leads back

	out, body := extend(dst, n+len(frame)+k.tag)
	if overlap(body, frame) && &body[n] != &frame[0] {
		frame = body[n : n+copy(body[n:], frame)]
	}
	copy(body, k.aad[:n])
	k.aead.Seal(body[n:n], k.nonce[:], frame, k.aad)
	return out, nil
}

// HeaderLen is the length of the header that the next Seal will write, in bytes. A frame that lies so far behind the end
// of dst, in the same memory, is encrypted where it is.
func (s *Sealer) HeaderLen() int { return Header{KID: s.k.kid, CTR: s.k.next}.Len() }

// KID is the key id in the header of every frame.
func (s *Sealer) KID() uint64 { return s.k.kid }

// Counter is the CTR of the next frame: how many frames this Sealer has sealed, if it began at 0.
func (s *Sealer) Counter() uint64 { return s.k.next }

// Destroy wipes the key, as far as Go allows, and makes any later use panic. It may be called again.
func (s *Sealer) Destroy() {
	if s.k != nil {
		s.k.wipe()
		s.k = nil
	}
}

// Format prints that there is a key, under every verb.
func (s Sealer) Format(f fmt.State, _ rune) { redact(f, "Sealer") }

// LogValue logs that there is a key.
func (s Sealer) LogValue() slog.Value { return slog.StringValue("sframe.Sealer(redacted)") }

func redact(f fmt.State, name string) { _, _ = fmt.Fprintf(f, "sframe.%s(redacted)", name) }
