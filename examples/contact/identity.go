package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/e2ee/keystore"
	"github.com/sotto-calls/sotto/examples/internal/ask"
)

func (p *program) create(name string, relays []string) error {
	if _, err := os.Stat(p.identity); err == nil {
		return fmt.Errorf("%s is there already: an identity is never overwritten", p.identity)
	}
	if err := os.MkdirAll(filepath.Dir(p.identity), 0o700); err != nil {
		return err
	}
	passphrase, err := ask.FirstPassphrase(p.tty, p.passphraseFile)
	if err != nil {
		return err
	}
	defer clear(passphrase)
	id := e2ee.Generate()
	defer id.Destroy()
	if err := id.Save(p.identity, passphrase); err != nil {
		return err
	}
	contacts, err := e2ee.OpenContacts(p.identity+".contacts", id)
	if err != nil {
		return err
	}
	if err := contacts.SetProfile(e2ee.Profile{Name: name, Relays: relays}); err != nil {
		return err
	}
	fmt.Fprintf(p.err, "Made an identity in %s. Its text form, which is public:\n", p.identity)
	fmt.Fprintln(p.out, e2ee.FormatID(id.Public()))
	return nil
}

func (p *program) revokeSelf(by, via string, args []string) error {
	if len(args) > 0 {
		return errors.New("want no argument beside -self")
	}
	return p.with(func(id *e2ee.Identity, contacts *e2ee.Contacts) error {
		var next *e2ee.Identity
		if by != "" {
			passphrase, err := ask.Passphrase(p.tty, p.passphraseFile, "Passphrase of "+by+": ")
			if err != nil {
				return err
			}
			defer clear(passphrase)
			if next, err = e2ee.LoadIdentity(by, passphrase); err != nil {
				return err
			}
			defer next.Destroy()
			if err := contacts.MoveTo(by+".contacts", next); err != nil {
				return fmt.Errorf("contacts of %s: %w", by, err)
			}
		}
		statement, err := id.Revoke(time.Now(), next)
		if err != nil {
			return err
		}
		fmt.Fprintln(p.err, "Give this to every contact (contact add TEXT). It cannot be taken back.")
		fmt.Fprintln(p.out, e2ee.FormatRevocation(statement))
		if via == "" {
			return nil
		}
		return p.tell(id, contacts, statement, via)
	})
}

func (p *program) changePassphrase(newFile string) error {
	old, err := ask.Passphrase(p.tty, p.passphraseFile, "Old passphrase: ")
	if err != nil {
		return err
	}
	defer clear(old)
	id, err := e2ee.LoadIdentity(p.identity, old) // before the new one is asked for
	if err != nil {
		return err
	}
	id.Destroy()
	passphrase, err := ask.NewPassphrase(p.tty, newFile)
	if err != nil {
		return err
	}
	defer clear(passphrase)
	return e2ee.ChangePassphrase(p.identity, old, passphrase)
}

func (p *program) export(args []string, newFile string) error {
	path, err := one(args, "a file to write")
	if err != nil {
		return err
	}
	return p.with(func(id *e2ee.Identity, _ *e2ee.Contacts) error {
		passphrase, err := ask.NewPassphrase(p.tty, newFile)
		if err != nil {
			return err
		}
		defer clear(passphrase)
		file, err := id.Export(passphrase)
		if err != nil {
			return err
		}
		fmt.Fprintln(p.err, "Whoever has this file and its passphrase is this identity. Contacts are in a file of their own: copy it too.")
		return keystore.CreateFile(path, file)
	})
}

func (p *program) importFrom(args []string, newFile string) error {
	path, err := one(args, "a file to read")
	if err != nil {
		return err
	}
	file, err := keystore.ReadFile(path)
	if err != nil {
		return err
	}
	passphrase, err := ask.Passphrase(p.tty, p.passphraseFile, "Passphrase of the export: ")
	if err != nil {
		return err
	}
	defer clear(passphrase)
	id, err := e2ee.ImportIdentity(file, passphrase)
	if err != nil {
		return err
	}
	defer id.Destroy()
	if newFile != "" || p.tty != nil && p.passphraseFile == "" {
		if passphrase, err = ask.NewPassphrase(p.tty, newFile); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(filepath.Dir(p.identity), 0o700); err != nil {
		return err
	}
	if err := id.Save(p.identity, passphrase); err != nil {
		return err
	}
	fmt.Fprintln(p.out, e2ee.FormatID(id.Public()))
	return nil
}
