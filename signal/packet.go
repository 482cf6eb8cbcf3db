package signal

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"time"
)

// Limits that every transport keeps.
const (
	MaxBody   = 64 << 10 // bytes of Packet.Body
	MaxNotice = 1 << 10  // bytes of the body of a notice
	MaxTokens = 1024     // token hashes that one mailbox admits

	Retention       = 60 * time.Second   // how long a relay keeps a packet
	NoticeRetention = 7 * 24 * time.Hour // how long a relay keeps a notice
	MaxNotices      = 32                 // notices that a relay keeps for one mailbox
)

// Address names a mailbox: the hash of its two public keys. It is not secret, but it identifies; printed with any verb
// it is cut to its first four bytes. Address[:] is all of it.
type Address [32]byte

// String returns the first eight hexadecimal digits.
func (a Address) String() string { return hex.EncodeToString(a[:4]) }

// Format prints String for every verb.
func (a Address) Format(s fmt.State, _ rune) { fmt.Fprint(s, a.String()) }

// LogValue is String.
func (a Address) LogValue() slog.Value { return slog.StringValue(a.String()) }

// Token permits its holder to write to one mailbox. It is a secret of two, and redacts itself when printed.
type Token [16]byte

// Hash is SHA-256 of the token: what the owner of a mailbox registers with the relay.
func (t Token) Hash() [32]byte { return sha256.Sum256(t[:]) }

// Format prints a placeholder for every verb.
func (Token) Format(s fmt.State, _ rune) { fmt.Fprint(s, "[token]") }

// LogValue is a placeholder.
func (Token) LogValue() slog.Value { return slog.StringValue("[token]") }

// Class says how long a relay keeps a packet.
type Class uint8

// The classes of packets.
const (
	ClassCall   Class = iota // kept for Retention: everything that belongs to a call under way
	ClassNotice              // at most MaxNotice bytes, kept for NoticeRetention: "you missed a call"
)

// Packet is one message to one mailbox.
type Packet struct {
	To    Address
	Token Token  // one that the owner of To admits; a reader sees the token that was used
	Body  []byte // opaque and sealed, at most MaxBody bytes (MaxNotice for a notice); never empty
	Class Class
}

// Check says whether the packet is within its limits: nil, or an error that wraps ErrTooLarge or ErrInvalid.
func (p Packet) Check() error {
	switch {
	case p.Class > ClassNotice:
		return fmt.Errorf("%w: unknown class %d", ErrInvalid, p.Class)
	case len(p.Body) == 0:
		return fmt.Errorf("%w: empty body", ErrInvalid)
	case len(p.Body) > MaxBody:
		return fmt.Errorf("%w: %d bytes, limit %d", ErrTooLarge, len(p.Body), MaxBody)
	case p.Class == ClassNotice && len(p.Body) > MaxNotice:
		return fmt.Errorf("%w: notice of %d bytes, limit %d", ErrTooLarge, len(p.Body), MaxNotice)
	}
	return nil
}

// Format prints where the packet goes and how long it is, for every verb: neither token nor body.
func (p Packet) Format(s fmt.State, _ rune) {
	fmt.Fprintf(s, "packet to %s, %d bytes", p.To, len(p.Body))
}

// LogValue is the same as Format.
func (p Packet) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(p)) }
