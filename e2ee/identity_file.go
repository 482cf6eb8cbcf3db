package e2ee

import (
	"crypto/ed25519"
	"fmt"

	"github.com/sotto-calls/sotto/e2ee/keystore"
)

// identityVersion starts the secret that a key file holds: version(1) || Ed25519 seed(32) || X25519 key(32).
const (
	identityVersion    = 1
	identitySecretSize = 1 + ed25519.SeedSize + x25519Size
)

// LoadIdentity reads the identity that [Identity.Save] wrote. A wrong passphrase is keystore.ErrPassphrase, a damaged
// file keystore.ErrCorrupted, an absent one fs.ErrNotExist: none of them makes a new identity, and the file is not
// written to.
func LoadIdentity(path string, passphrase []byte) (*Identity, error) {
	file, err := keystore.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return ImportIdentity(file, passphrase)
}

// Save writes the identity to a new file of mode 0600, encrypted under passphrase. It refuses weak passphrases
// (*keystore.WeakError) and an existing path (fs.ErrExist): no identity is ever overwritten by another.
func (id *Identity) Save(path string, passphrase []byte) error {
	file, err := id.Export(passphrase)
	if err != nil {
		return err
	}
	return keystore.CreateFile(path, file)
}

// ChangePassphrase encrypts the identity at path anew. At every moment the file opens with the one passphrase or with
// the other.
func ChangePassphrase(path string, old, passphrase []byte) error {
	id, err := LoadIdentity(path, old)
	if err != nil {
		return err
	}
	defer id.Destroy()
	file, err := id.Export(passphrase)
	if err != nil {
		return err
	}
	return keystore.ReplaceFile(path, file)
}

// Export gives the identity encrypted under passphrase, to back up or to move to another machine: bytes of the same
// format as the file's. Whoever has them and the passphrase *is* this identity. After a move, delete the old file; if
// it may be in other hands, [Identity.Revoke] it.
func (id *Identity) Export(passphrase []byte) ([]byte, error) {
	return id.export(passphrase, keystore.Params{})
}

func (id *Identity) export(passphrase []byte, p keystore.Params) (file []byte, err error) {
	err = id.mailbox.keys.secret(func(seed, private []byte) error {
		secret := append([]byte{identityVersion}, seed...)
		secret = append(secret, private...)
		defer clear(secret)
		file, err = keystore.Seal(passphrase, keystore.IdentityKind, p, secret)
		return err
	})
	return file, err
}

// ImportIdentity opens what Export gave, with LoadIdentity's errors.
func ImportIdentity(file, passphrase []byte) (*Identity, error) {
	secret, err := keystore.Open(passphrase, keystore.IdentityKind, file)
	if err != nil {
		return nil, err
	}
	defer clear(secret)
	if len(secret) != identitySecretSize || secret[0] != identityVersion {
		return nil, fmt.Errorf("%w: an identity of %d bytes", keystore.ErrUnsupported, len(secret))
	}
	return identityFromSecret(secret[1:33], secret[33:])
}
