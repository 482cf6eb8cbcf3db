package e2ee

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

// Token lets its holder write to one mailbox. The mailbox's owner gives each contact another one and tells the relay
// their hashes; who has a token can send packets, not read any. The zero Token is none.
//
// It redacts itself when it is printed or logged. A struct that keeps one in an unexported field is printed by fmt
// without asking it: such a struct must redact itself too, as [Box] does.
type Token [TokenSize]byte

// GenerateToken makes a random one.
func GenerateToken() Token {
	var t Token
	_, _ = rand.Read(t[:]) // never fails: crypto/rand ends the program rather
	return t
}

// Hash is what the mailbox's owner registers at its relay: H(token).
func (t Token) Hash() [32]byte { return sha256.Sum256(t[:]) }

// IsZero says that there is no token.
func (t Token) IsZero() bool { return t == Token{} }

// Equal compares in constant time.
func (t Token) Equal(u Token) bool { return subtle.ConstantTimeCompare(t[:], u[:]) == 1 }

// Format never prints the token.
func (t Token) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "e2ee.Token(redacted)") }

// MarshalText never gives the token: a handler that logs a struct as JSON would.
func (t Token) MarshalText() ([]byte, error) { return []byte("redacted"), nil }

// LogValue never logs the token.
func (t Token) LogValue() slog.Value { return slog.StringValue("e2ee.Token(redacted)") }
