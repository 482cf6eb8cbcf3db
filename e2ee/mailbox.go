package e2ee

import (
	"crypto/hpke"
	"fmt"
	"io"
	"log/slog"
	"math"
	"slices"

	"github.com/sotto-calls/sotto/internal/mailbox"
)

// Mailbox is what its owner needs to read one mailbox: the key that answers the relay's challenge and the key that
// opens what arrives. An identity has one for its whole life ([Identity.Mailbox]); each side of a call makes a fresh
// one ([NewMailbox]) and destroys it when the call ends.
//
// It is safe for several goroutines. After Destroy, Open gives ErrDestroyed and Answer nil: a late packet or a
// reconnecting transport may race with the end of a call and must not end the program.
type Mailbox struct {
	ed25519 [32]byte
	hpke    []byte
	token   hidden[Token]
	keys    *keyPair
}

// NewMailbox makes a mailbox of fresh random keys with a random token, sealed to by X25519: for one call.
func NewMailbox() *Mailbox { return newMailbox(generateKeyPair(x25519KEM), GenerateToken()) }

func newMailbox(k *keyPair, t Token) *Mailbox {
	return &Mailbox{ed25519: k.public, hpke: k.secrets.get().open.PublicKey().Bytes(), token: hide(t), keys: k}
}

// PublicKeys are the two keys that make the address: 32 bytes, and 32 or 1216.
func (m *Mailbox) PublicKeys() (ed25519Key, hpkeKey []byte) {
	return slices.Clone(m.ed25519[:]), slices.Clone(m.hpke)
}

// Address names the mailbox: H("sotto/v1 mailbox" || ed25519_pk || hpke_pk).
func (m *Mailbox) Address() [32]byte { return mailbox.Address(m.ed25519[:], m.hpke) }

// Token is what lets the peer of this call write here. It is zero for an identity's own mailbox, where each contact
// has another one.
func (m *Mailbox) Token() Token { return *m.token.get() }

// Card is the public half, as it travels to the peer of the call.
func (m *Mailbox) Card() Box {
	return Box{Ed25519: m.ed25519, HPKE: slices.Clone(m.hpke), Token: m.Token()}
}

// Answer signs a relay's challenge: the relay at origin (scheme://host:port as dialled, lower case) asked who reads
// this mailbox. Nil after Destroy, and for an origin of more than 65535 bytes.
func (m *Mailbox) Answer(origin string, challenge [32]byte) (signature []byte) {
	if len(origin) > math.MaxUint16 {
		return nil
	}
	return m.keys.signature(mailbox.AuthMessage(origin, challenge, m.Address()))
}

// Destroy zeroes the private keys, as far as Go lets one. It may be called again.
func (m *Mailbox) Destroy() { m.keys.destroy() }

// Format names the mailbox by the start of its address.
func (m *Mailbox) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, m.short()) }

// LogValue names the mailbox by the start of its address.
func (m *Mailbox) LogValue() slog.Value { return slog.StringValue(m.short()) }

func (m *Mailbox) short() string {
	if m == nil {
		return "e2ee.Mailbox(nil)"
	}
	a := m.Address()
	return fmt.Sprintf("e2ee.Mailbox(%x)", a[:6])
}

// Box is the public half of a mailbox, with the token that lets one write to it.
type Box struct {
	Ed25519 [32]byte // the owner proves itself to the relay with it
	HPKE    []byte   // 32 bytes: X25519; 1216: X25519 + ML-KEM-768
	Token   Token    // a secret of the two parties
}

// NewBox checks the keys of a box that came from a peer.
func NewBox(ed25519Key, hpkeKey, token []byte) (Box, error) {
	if len(ed25519Key) != 32 || len(token) != TokenSize {
		return Box{}, fmt.Errorf("%w: mailbox keys", ErrMalformed)
	}
	b := Box{Ed25519: [32]byte(ed25519Key), HPKE: slices.Clone(hpkeKey), Token: Token(token)}
	return b, b.Check()
}

// Check refuses keys of small order or in a non-canonical encoding (ErrWeakKey) and keys of unknown kinds.
func (b Box) Check() error {
	_, err := b.key()
	return err
}

func (b Box) key() (hpke.PublicKey, error) {
	if err := checkEd25519(b.Ed25519[:]); err != nil {
		return nil, err
	}
	return parseHPKE(b.HPKE)
}

// Address names the mailbox.
func (b Box) Address() [32]byte { return mailbox.Address(b.Ed25519[:], b.HPKE) }

// Format leaves the token out.
func (b Box) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, b.short()) }

// LogValue leaves the token out.
func (b Box) LogValue() slog.Value { return slog.StringValue(b.short()) }

func (b Box) short() string {
	a := b.Address()
	return fmt.Sprintf("e2ee.Box(%x)", a[:6])
}
