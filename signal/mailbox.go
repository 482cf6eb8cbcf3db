package signal

import "github.com/sotto-calls/sotto/internal/mailbox"

// Mailbox proves to a relay that a mailbox is one's own. Package e2ee has types that fit.
type Mailbox interface {
	// PublicKeys returns the two keys that the address is the hash of: Ed25519 (32 bytes), and HPKE.
	PublicKeys() (ed25519Key, hpkeKey []byte)

	// Answer signs the relay's challenge with the Ed25519 key over the bytes that docs/design/03-relay.md names. origin is
	// that of the relay as it was dialled (scheme://host:port), so that the signature is of no use at another relay.
	Answer(origin string, challenge [32]byte) (signature []byte)
}

// AddressOf is the address of the mailbox m.
func AddressOf(m Mailbox) Address {
	return Address(mailbox.Address(m.PublicKeys()))
}
