package e2ee

import (
	"crypto"
	"fmt"
	"io"
	"log/slog"
)

// Identity is who we are: an Ed25519 key that signs and an X25519 key that opens envelopes, together, always. There
// is no rotation: another key is another identity, which contacts have not verified.
//
// It is safe for several goroutines. After Destroy, what needs the private keys fails with ErrDestroyed.
type Identity struct {
	id      ID
	mailbox *Mailbox
}

// Generate makes a new random identity. It is apart from [LoadIdentity], so that a wrong path never mints one.
func Generate() *Identity { return newIdentity(generateKeyPair(x25519KEM)) }

func newIdentity(k *keyPair) *Identity {
	m := newMailbox(k, Token{})
	return &Identity{id: ID(append(m.ed25519[:], m.hpke...)), mailbox: m}
}

// identityFromSecret checks that the public keys, which are derived, are none that peers refuse.
func identityFromSecret(seed, x25519 []byte) (*Identity, error) {
	k, err := newKeyPair(seed, x25519KEM, x25519)
	if err != nil {
		return nil, err
	}
	id := newIdentity(k)
	return id, id.id.Check()
}

// Public is the half that others know us by.
func (id *Identity) Public() ID { return id.id }

// Mailbox is the identity's own mailbox, where Invites and what belongs to contacts arrive. It shares the identity's
// keys: destroying one destroys the other. Its Token is zero.
func (id *Identity) Mailbox() *Mailbox { return id.mailbox }

// Signer signs with the identity's Ed25519 key, for MLS: it takes messages, not hashes (crypto.Hash(0)). What MLS signs
// starts with a length and "MLS 1.0 ", what we sign with "sotto/v1 ", so neither is ever taken for the other.
func (id *Identity) Signer() crypto.Signer { return signer{id.mailbox.keys} }

// Destroy zeroes the private keys, as far as Go lets one. It may be called again.
func (id *Identity) Destroy() { id.mailbox.Destroy() }

// Format names the identity by its short public ID.
func (id *Identity) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, id.short()) }

// LogValue names the identity by its short public ID.
func (id *Identity) LogValue() slog.Value { return slog.StringValue(id.short()) }

func (id *Identity) short() string {
	if id == nil {
		return "e2ee.Identity(nil)"
	}
	return "e2ee.Identity(" + id.id.String() + ")"
}
