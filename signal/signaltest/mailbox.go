package signaltest

import (
	"crypto/ed25519"
	"crypto/rand"

	"github.com/sotto-calls/sotto/internal/mailbox"
	"github.com/sotto-calls/sotto/signal"
)

// Mailbox is a mailbox for tests, with a fresh key. It opens nothing: its HPKE key is random bytes.
type Mailbox struct {
	key  ed25519.PrivateKey
	hpke []byte
}

var _ signal.Mailbox = (*Mailbox)(nil)

// NewMailbox returns a new mailbox.
func NewMailbox() *Mailbox {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err) // the system has no randomness
	}
	m := &Mailbox{key: key, hpke: make([]byte, 32)}
	rand.Read(m.hpke)
	return m
}

// PublicKeys returns the two public keys.
func (m *Mailbox) PublicKeys() (ed25519Key, hpkeKey []byte) {
	return m.key.Public().(ed25519.PublicKey), m.hpke
}

// Address is signal.AddressOf the mailbox.
func (m *Mailbox) Address() signal.Address { return signal.AddressOf(m) }

// Answer signs a relay's challenge.
func (m *Mailbox) Answer(origin string, challenge [32]byte) []byte {
	return ed25519.Sign(m.key, mailbox.AuthMessage(origin, challenge, m.Address()))
}

// NewToken returns a random token.
func NewToken() (t signal.Token) {
	rand.Read(t[:])
	return t
}
