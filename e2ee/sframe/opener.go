package sframe

import (
	"fmt"
	"log/slog"
)

// Opener decrypts the frames of one KID, each of them once. It is for one goroutine at a time.
type Opener struct {
	k *receiveKey // a pointer, so that printing an Opener cannot print a key
}

type receiveKey struct {
	*material
	kid    uint64
	tag    int
	window *window // nil until the first authentic frame
}

// NewOpener derives the receiving key of kid from a base key, which it does not keep.
func NewOpener(suite Suite, kid uint64, base []byte) (*Opener, error) {
	p, err := suite.params()
	if err != nil {
		return nil, err
	}
	m, err := derive(p, suite, kid, base)
	if err != nil {
		return nil, err
	}
	return &Opener{&receiveKey{material: m, kid: kid, tag: p.nt}}, nil
}

// Open authenticates header, metadata and frame, and appends the frame to dst. The error is ErrMalformed,
// ErrUnknownKey (the frame is of another KID), ErrReplay (or ErrTooOld, which is one) or ErrAuthentication; then dst is
// returned as it was and nothing of the frame is shown. Open panics after Destroy.
//
// If dst has no room of its own the bytes of sealed may be overwritten, also on failure: sealed[:0] as dst puts the
// frame at its front, sealed[n:n] with n from [ParseHeader] decrypts it where it is, which saves the move.
func (o *Opener) Open(dst, metadata, sealed []byte) ([]byte, error) {
	header, n, err := ParseHeader(sealed)
	if err != nil {
		return dst, err
	}
	return o.OpenParsed(dst, metadata, sealed, header, n)
}

// OpenParsed is Open for a caller that had to parse the header first: header and n are what ParseHeader(sealed) gave.
func (o *Opener) OpenParsed(dst, metadata, sealed []byte, header Header, n int) ([]byte, error) {
	k := o.k
	if k == nil {
		panic("sframe: Open after Destroy")
	}
	if header.KID != k.kid {
		return dst, ErrUnknownKey
	}
	if len(sealed) < n+k.tag {
		return dst, ErrMalformed
	}
	if err := k.window.check(header.CTR); err != nil {
		return dst, err
	}
	k.aad = append(k.aad[:0], sealed[:n]...) // a copy: dst may overlap sealed
	k.aad = append(k.aad, metadata...)
	k.setNonce(header.CTR)
	out, err := k.decrypt(dst, sealed[n:])
	if err != nil {
		return dst, ErrAuthentication
	}
	if k.window == nil {
		k.window = &window{highest: header.CTR}
	}
	k.window.mark(header.CTR)
	return out, nil
}

// decrypt opens ciphertext behind dst. If the two overlap but do not coincide, it decrypts in place and moves the result.
func (k *receiveKey) decrypt(dst, ciphertext []byte) ([]byte, error) {
	out, body := extend(dst, len(ciphertext)-k.tag)
	if !shifted(body, ciphertext) {
		_, err := k.aead.Open(body[:0], k.nonce[:], ciphertext, k.aad)
		return out, err
	}
	plain, err := k.aead.Open(ciphertext[:0], k.nonce[:], ciphertext, k.aad)
	copy(body, plain)
	return out, err
}

// KID is the key id of the frames that this Opener opens.
func (o *Opener) KID() uint64 { return o.k.kid }

// Destroy wipes the key, as far as Go allows, and makes any later use panic. It may be called again.
func (o *Opener) Destroy() {
	if o.k != nil {
		o.k.wipe()
		o.k = nil
	}
}

// Format prints that there is a key, under every verb.
func (o Opener) Format(f fmt.State, _ rune) { redact(f, "Opener") }

// LogValue logs that there is a key.
func (o Opener) LogValue() slog.Value { return slog.StringValue("sframe.Opener(redacted)") }
