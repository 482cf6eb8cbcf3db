package main

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/sotto-calls/sotto/e2ee/keystore"
)

// credential is the name of the systemd credential that holds the passphrase.
const credential = "sotto-passphrase"

var errNoTerminal = errors.New("there is no terminal to ask at: use -passphrase-file, $SOTTO_PASSPHRASE_FILE or the systemd credential " + credential)

// unattended reads a passphrase without a prompt; nil if none is there to be read.
func (p *program) unattended() ([]byte, error) {
	if p.passphraseFile != "" {
		return keystore.PassphraseFromFile(p.passphraseFile)
	}
	b, err := keystore.Credential(credential)
	if errors.Is(err, keystore.ErrNoCredential) {
		return nil, nil
	}
	return b, err
}

// passphrase gives the one that opens a file.
func (p *program) passphrase(prompt string) ([]byte, error) {
	if b, err := p.unattended(); b != nil || err != nil {
		return b, err
	}
	if p.ask == nil {
		return nil, errNoTerminal
	}
	return p.ask.secret(prompt)
}

// newPassphrase gives one to encrypt under: from file, if that is not empty, else asked for twice. One that is refused
// is answered with a generated one.
func (p *program) newPassphrase(file string) ([]byte, error) {
	var b []byte
	var err error
	if file != "" {
		b, err = keystore.PassphraseFromFile(file)
	}
	if err != nil {
		return nil, err
	}
	if b != nil {
		if err := keystore.CheckPassphrase(b); err != nil {
			return nil, fmt.Errorf("%w\nA generated one that will do: %s", err, keystore.GeneratePassphrase())
		}
		return b, nil
	}
	if p.ask == nil {
		return nil, errNoTerminal
	}
	return p.askNew()
}

func (p *program) askNew() ([]byte, error) {
	for {
		b, err := p.ask.secret("New passphrase (empty: generate one): ")
		if err != nil {
			return nil, err
		}
		if err := keystore.CheckPassphrase(b); err != nil {
			if len(b) > 0 {
				fmt.Fprintln(p.ask, err)
			}
			generated := keystore.GeneratePassphrase()
			fmt.Fprintf(p.ask, "A generated one, to write down: %s\n", generated)
			if yes, err := p.ask.yes("Use it?"); yes || err != nil {
				return []byte(generated), err
			}
			continue
		}
		again, err := p.ask.secret("The same again: ")
		if err != nil {
			return nil, err
		}
		if bytes.Equal(b, again) {
			return b, nil
		}
		fmt.Fprintln(p.ask, "They differ.")
	}
}
