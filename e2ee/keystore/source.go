package keystore

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// CredentialsVariable is the variable in which systemd names the folder of a service's credentials.
const CredentialsVariable = "CREDENTIALS_DIRECTORY"

// maxPassphrase bounds a passphrase file, in bytes.
const maxPassphrase = 1 << 10

// ErrNoCredential: there is no credential of this name, or no systemd that gives any.
var ErrNoCredential = errors.New("keystore: no such credential")

// PassphraseFromFile reads a passphrase: the file's content less one line end. For machines that nobody types at. Keep
// such a file readable by its user alone, or better have systemd decrypt it ([Credential]).
func PassphraseFromFile(path string) ([]byte, error) {
	b, err := readBounded(path, maxPassphrase)
	if err != nil {
		return nil, err
	}
	b = bytes.TrimSuffix(b, []byte("\n"))
	b = bytes.TrimSuffix(b, []byte("\r"))
	if len(b) == 0 {
		return nil, fmt.Errorf("keystore: passphrase file %s is empty", path)
	}
	return b, nil
}

// Credential reads a passphrase from the systemd credential of this name: LoadCredential=, LoadCredentialEncrypted= or
// SetCredential= of systemd.exec(5), which systemd puts into a file under $CREDENTIALS_DIRECTORY.
func Credential(name string) ([]byte, error) {
	dir := os.Getenv(CredentialsVariable)
	if dir == "" {
		return nil, fmt.Errorf("%w: $%s is not set", ErrNoCredential, CredentialsVariable)
	}
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, `/\`) {
		return nil, fmt.Errorf("%w: %q is no name of one", ErrNoCredential, name)
	}
	b, err := PassphraseFromFile(filepath.Join(dir, name))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s", ErrNoCredential, name)
	}
	return b, err
}
