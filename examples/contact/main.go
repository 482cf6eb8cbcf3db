// Command contact keeps an identity and its contacts from a terminal: it makes the identity, shows it, invites, adds,
// verifies and revokes. What goes between two people is text; a network is needed for revoke -self -relay alone. See README.md.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/examples/internal/ask"
)

const usage = `Usage: contact COMMAND [flags] [argument]

  new                 make an identity; -name and -relay say what others see of it
  show [CONTACT]      show our text form, or a contact with its safety number
  invite              make an invitation for one person
  add TEXT            use an invitation, a reply, a confirmation, a contact or a revocation; - reads it from stdin
  verify CONTACT      compare safety numbers
  revoke CONTACT      take back what lets a contact write and ring; -self revokes our own identity
  list                show contacts, requests and missed calls
  passphrase          change the passphrase
  export FILE         write the identity, encrypted, to take elsewhere
  import FILE         take an exported identity here

A CONTACT is a name or a text form (sotto1…). Every command has -h, and these flags:

  -identity FILE         the identity (default: sotto/identity in the user's configuration folder)
  -passphrase-file FILE  read the passphrase from FILE; also $SOTTO_PASSPHRASE_FILE, or the systemd credential
                         "sotto-passphrase"; else it is asked for

The contacts are beside the identity, in FILE.contacts.
`

// program is one run, with what a test puts in place of a terminal.
type program struct {
	in       io.Reader
	out, err io.Writer
	tty      *ask.Terminal // nil: there is none

	identity       string
	passphraseFile string
	yes            bool
}

type command struct {
	name string
	args string // what stands after the flags, for -h
	run  func(p *program, args []string) error
	more func(f *flag.FlagSet) // flags of its own
}

func main() {
	p := &program{in: os.Stdin, out: os.Stdout, err: os.Stderr}
	if tty, err := ask.OpenTerminal(); err == nil {
		p.tty = tty
	}
	os.Exit(p.main(os.Args[1:]))
}

// main gives the exit status: 0 done, 1 failed, 2 not understood.
func (p *program) main(args []string) int {
	if len(args) == 0 {
		fmt.Fprint(p.err, usage)
		return 2
	}
	if args[0] == "-h" || args[0] == "-help" || args[0] == "--help" || args[0] == "help" {
		fmt.Fprint(p.out, usage)
		return 0
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return p.execute(c, args[1:])
		}
	}
	fmt.Fprintf(p.err, "contact: there is no command %.20q; contact -h lists them\n", args[0])
	return 2
}

func (p *program) execute(c command, args []string) int {
	f := flag.NewFlagSet("contact "+c.name, flag.ContinueOnError)
	f.SetOutput(p.err)
	f.StringVar(&p.identity, "identity", defaultIdentity(), "the identity's `file`")
	f.StringVar(&p.passphraseFile, "passphrase-file", os.Getenv("SOTTO_PASSPHRASE_FILE"), "read the passphrase from `file`")
	f.BoolVar(&p.yes, "yes", false, "answer every question with yes")
	if c.more != nil {
		c.more(f)
	}
	f.Usage = func() {
		fmt.Fprintf(p.err, "Usage: contact %s [flags] %s\n", c.name, c.args)
		f.PrintDefaults()
	}
	switch err := f.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	if err := c.run(p, f.Args()); err != nil {
		fmt.Fprintf(p.err, "contact %s: %v\n", c.name, err)
		return 1
	}
	return 0
}

func defaultIdentity() string {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "sotto-identity"
	}
	return filepath.Join(dir, "sotto", "identity")
}

// open loads the identity and its contacts.
func (p *program) open() (*e2ee.Identity, *e2ee.Contacts, error) {
	if _, err := os.Stat(p.identity); err != nil {
		return nil, nil, fmt.Errorf("%w (contact new makes an identity)", err)
	}
	passphrase, err := ask.Passphrase(p.tty, p.passphraseFile, "Passphrase: ")
	if err != nil {
		return nil, nil, err
	}
	defer clear(passphrase)
	id, err := e2ee.LoadIdentity(p.identity, passphrase)
	if err != nil {
		return nil, nil, err
	}
	contacts, err := e2ee.OpenContacts(p.identity+".contacts", id)
	if err != nil {
		id.Destroy()
		return nil, nil, err
	}
	return id, contacts, nil
}

// with runs f over the contacts and destroys the keys after.
func (p *program) with(f func(id *e2ee.Identity, contacts *e2ee.Contacts) error) error {
	id, contacts, err := p.open()
	if err != nil {
		return err
	}
	defer id.Destroy()
	defer contacts.Destroy()
	return f(id, contacts)
}

// one wants exactly one argument.
func one(args []string, what string) (string, error) {
	if len(args) != 1 || args[0] == "" {
		return "", fmt.Errorf("want %s, got %d arguments", what, len(args))
	}
	return args[0], nil
}

// agree asks, unless -yes was given. Without a terminal the answer is no.
func (p *program) agree(question string) (bool, error) {
	if p.yes {
		return true, nil
	}
	if p.tty == nil {
		return false, errors.New(question + " There is no terminal to ask at: run it again with -yes if so")
	}
	return p.tty.Yes(question)
}
