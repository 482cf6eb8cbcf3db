package e2ee

import (
	"crypto"
	"crypto/ed25519"
	"crypto/hpke"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
)

// keyPair is the private half of a mailbox: a key that signs and a key that opens.
type keyPair struct {
	public  [32]byte // Ed25519
	mu      sync.RWMutex
	dead    bool
	secrets hidden[keySecrets] // under mu: destroy against use
}

type keySecrets struct {
	sign ed25519.PrivateKey
	open hpke.PrivateKey
	raw  []byte // the bytes open was made of, kept for key files
}

// newKeyPair makes a pair from an Ed25519 seed and an HPKE private key of kem. It copies both.
func newKeyPair(seed []byte, kem hpke.KEM, private []byte) (*keyPair, error) {
	if len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("%w: Ed25519 seed of %d bytes", ErrMalformed, len(seed))
	}
	open, err := kem.NewPrivateKey(private)
	if err != nil {
		return nil, fmt.Errorf("%w: HPKE private key", ErrMalformed)
	}
	s := keySecrets{sign: ed25519.NewKeyFromSeed(seed), open: open, raw: slices.Clone(private)}
	return &keyPair{public: [32]byte(s.sign[32:]), secrets: hide(s)}, nil
}

// generateKeyPair makes a random pair. It cannot fail: crypto/rand ends the program rather, and any 32 bytes are a
// private key of both KEMs.
func generateKeyPair(kem hpke.KEM) *keyPair {
	secret := make([]byte, ed25519.SeedSize+x25519Size)
	defer clear(secret)
	_, _ = rand.Read(secret)
	k, err := newKeyPair(secret[:32], kem, secret[32:])
	if err != nil {
		panic("e2ee: this build of Go has no X25519: " + err.Error())
	}
	return k
}

// signature is nil after destroy.
func (k *keyPair) signature(message []byte) []byte {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if k.dead {
		return nil
	}
	return ed25519.Sign(k.secrets.get().sign, message)
}

// recipient opens one HPKE context.
func (k *keyPair) recipient(box []byte, info string) (r *hpke.Recipient, ct []byte, err error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if k.dead {
		return nil, nil, ErrDestroyed
	}
	open := k.secrets.get().open
	n := encSize(open)
	if len(box) < n {
		return nil, nil, fmt.Errorf("%w: box of %d bytes", ErrMalformed, len(box))
	}
	r, err = hpke.NewRecipient(box[:n], open, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), []byte(info))
	if err != nil {
		return nil, nil, ErrNotSealedToUs // RFC 9180, section 7.1.4: this is where a low-order enc ends
	}
	return r, box[n:], nil
}

// secret hands the private bytes (seed, HPKE key) to f, which must not keep them.
func (k *keyPair) secret(f func(seed, private []byte) error) error {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if k.dead {
		return ErrDestroyed
	}
	s := k.secrets.get()
	return f(s.sign.Seed(), s.raw)
}

// destroy zeroes what is ours. hpke.PrivateKey keeps copies that only the garbage collector ends.
func (k *keyPair) destroy() {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := k.secrets.get()
	clear(s.sign)
	clear(s.raw)
	k.dead, s.open = true, nil
}

func (k *keyPair) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "e2ee.keyPair(redacted)") }

func (k *keyPair) LogValue() slog.Value { return slog.StringValue("e2ee.keyPair(redacted)") }

// signer is the key that signs as a crypto.Signer, for MLS.
type signer struct{ k *keyPair }

func (s signer) Public() crypto.PublicKey {
	return append(ed25519.PublicKey(nil), s.k.public[:]...)
}

func (s signer) Sign(_ io.Reader, message []byte, opts crypto.SignerOpts) ([]byte, error) {
	if opts.HashFunc() != crypto.Hash(0) {
		return nil, fmt.Errorf("e2ee: pure Ed25519 alone, not %v", opts.HashFunc())
	}
	sig := s.k.signature(message)
	if sig == nil {
		return nil, ErrDestroyed
	}
	return sig, nil
}
