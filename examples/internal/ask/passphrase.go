package ask

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/sotto-calls/sotto/e2ee/keystore"
)

// Credential is the name of the systemd credential that holds the passphrase.
const Credential = "sotto-passphrase"

// ErrNoTerminal says what to use where nobody can be asked.
var ErrNoTerminal = errors.New("there is no terminal to ask at: use -passphrase-file, $SOTTO_PASSPHRASE_FILE or the systemd credential " + Credential)

// unattended reads a passphrase without a prompt: from file, if that is not empty, else from the credential; nil if there
// is none to be read.
func unattended(file string) ([]byte, error) {
	if file != "" {
		return keystore.PassphraseFromFile(file)
	}
	b, err := keystore.Credential(Credential)
	if errors.Is(err, keystore.ErrNoCredential) {
		return nil, nil
	}
	return b, err
}

// Passphrase gives the one that opens a file: from the passphrase file or the credential, else asked for. t may be nil.
func Passphrase(t *Terminal, file, prompt string) ([]byte, error) {
	if b, err := unattended(file); b != nil || err != nil {
		return b, err
	}
	if t == nil {
		return nil, ErrNoTerminal
	}
	return t.Secret(prompt)
}

// FirstPassphrase gives the one to encrypt a new identity under: as Passphrase, but a weak one is refused with its reason,
// and one that is asked for is asked for twice.
func FirstPassphrase(t *Terminal, file string) ([]byte, error) {
	b, err := unattended(file)
	if err != nil {
		return nil, err
	}
	return strong(t, b)
}

// NewPassphrase gives one to encrypt under anew: from file, if that is not empty, else asked for twice.
func NewPassphrase(t *Terminal, file string) ([]byte, error) {
	if file == "" {
		return strong(t, nil)
	}
	b, err := keystore.PassphraseFromFile(file)
	if err != nil {
		return nil, err
	}
	return strong(t, b)
}

// strong refuses a weak passphrase and offers a generated one; nil is asked for.
func strong(t *Terminal, b []byte) ([]byte, error) {
	if b == nil {
		if t == nil {
			return nil, ErrNoTerminal
		}
		return t.askNew()
	}
	if err := keystore.CheckPassphrase(b); err != nil {
		return nil, fmt.Errorf("%w\nA generated one that will do: %s", err, keystore.GeneratePassphrase())
	}
	return b, nil
}

func (t *Terminal) askNew() ([]byte, error) {
	for {
		b, err := t.Secret("New passphrase (empty: generate one): ")
		if err != nil {
			return nil, err
		}
		if err := keystore.CheckPassphrase(b); err != nil {
			if len(b) > 0 {
				fmt.Fprintln(t, err)
			}
			generated := keystore.GeneratePassphrase()
			fmt.Fprintf(t, "A generated one, to write down: %s\n", generated)
			if yes, err := t.Yes("Use it?"); yes || err != nil {
				return []byte(generated), err
			}
			continue
		}
		again, err := t.Secret("The same again: ")
		if err != nil {
			return nil, err
		}
		if bytes.Equal(b, again) {
			return b, nil
		}
		fmt.Fprintln(t, "They differ.")
	}
}
