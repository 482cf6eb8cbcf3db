package person

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/examples/internal/ask"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/websocket"
)

// A Person is online: it can ring and be rung by its contacts.
type Person struct {
	Identity  *e2ee.Identity
	Contacts  *e2ee.Contacts
	Client    *call.Client
	Transport signal.Transport // to the relay; the Client's
	TURN      bool             // there is a TURN server to use
}

// A Service is how much a program takes on; the zero value has the defaults.
type Service struct {
	MaxCalls int         // see call.Config
	Limits   call.Limits // of each caller's rings
}

// Online is Open and Connect.
func Online(ctx context.Context, o Flags, s Service, debug io.Writer) (*Person, error) {
	p, err := Open(o)
	if err != nil {
		return nil, err
	}
	if err := p.Connect(ctx, o, s, debug); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// Open loads the identity, or makes it, and its contacts. It may ask for a passphrase, at the terminal.
func Open(o Flags) (*Person, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	p := &Person{}
	if err := p.open(o); err != nil {
		return nil, err
	}
	return p, nil
}

// Close ends all calls at once and forgets the keys. The files stay.
func (p *Person) Close() {
	if p.Client != nil {
		p.Client.Close()
	}
	if p.Contacts != nil {
		p.Contacts.Destroy()
	}
	p.Identity.Destroy()
}

// open loads the identity, or makes it, and its contacts.
func (p *Person) open(o Flags) (err error) {
	if p.Identity, err = identity(o); err != nil {
		return err
	}
	path := o.Identity + ".contacts"
	if o.Passing {
		path = ""
	}
	if p.Contacts, err = e2ee.OpenContacts(path, p.Identity); err != nil {
		p.Identity.Destroy()
		return err
	}
	profile := p.Contacts.Profile()
	if o.Name != "" {
		profile.Name = o.Name
	}
	if !slices.Contains(profile.Relays, o.Relay) { // what invitations and cards say of us
		profile.Relays = append([]string{o.Relay}, profile.Relays...)
		profile.Relays = profile.Relays[:min(len(profile.Relays), e2ee.MaxRelays)]
	}
	if err := p.Contacts.SetProfile(profile); err != nil {
		p.Contacts.Destroy()
		p.Identity.Destroy()
		return err
	}
	return nil
}

func identity(o Flags) (*e2ee.Identity, error) {
	if o.Passing {
		return e2ee.Generate(), nil
	}
	tty, _ := ask.OpenTerminal() // nil: there is nobody to ask
	if o.New {
		return create(o, tty)
	}
	return load(o, tty)
}

func load(o Flags, tty *ask.Terminal) (*e2ee.Identity, error) {
	if _, err := os.Stat(o.Identity); err != nil {
		return nil, fmt.Errorf("%w (-new makes an identity)", err)
	}
	passphrase, err := ask.Passphrase(tty, o.PassphraseFile, "Passphrase of "+o.Identity+": ")
	if err != nil {
		return nil, err
	}
	defer clear(passphrase)
	return e2ee.LoadIdentity(o.Identity, passphrase)
}

func create(o Flags, tty *ask.Terminal) (*e2ee.Identity, error) {
	if _, err := os.Stat(o.Identity); err == nil {
		return nil, fmt.Errorf("%s is there already, and an identity is never overwritten: leave out -new", o.Identity)
	}
	if err := os.MkdirAll(filepath.Dir(o.Identity), 0o700); err != nil {
		return nil, err
	}
	passphrase, err := ask.FirstPassphrase(tty, o.PassphraseFile)
	if err != nil {
		return nil, err
	}
	defer clear(passphrase)
	id := e2ee.Generate()
	if err := id.Save(o.Identity, passphrase); err != nil {
		id.Destroy()
		return nil, err
	}
	return id, nil
}

// Connect makes the client, which is online at the relay. After an error it may be called again. debug gets what -debug asks for.
func (p *Person) Connect(ctx context.Context, o Flags, s Service, debug io.Writer) error {
	logger := slog.New(slog.DiscardHandler)
	if o.Debug {
		logger = slog.New(slog.NewTextHandler(debug, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	options := []websocket.Option{websocket.WithLogger(logger)}
	if o.Plaintext {
		options = append(options, websocket.InsecurePlaintext())
	}
	transport, err := websocket.Dial(ctx, o.Relay, p.Identity.Mailbox(), options...)
	if err != nil {
		return explain(o.Relay, err)
	}
	config := call.Config{Identity: p.Identity, Contacts: p.Contacts, Transports: []signal.Transport{transport},
		Admit: call.ContactsOnly(p.Contacts, s.Limits), MaxCalls: s.MaxCalls, Logger: logger,
		Media: media.Settings{ICEServers: o.TURN, RelayOnly: o.RelayOnly, Loopback: o.loopback()}}
	if err := p.servers(ctx, o, transport, &config); err != nil {
		transport.Close()
		return err
	}
	if p.Client, err = call.NewClient(config); err != nil {
		transport.Close()
		return err
	}
	p.Transport = transport
	return nil
}

// servers decides whose STUN and TURN servers are used: those of the flags, or if there are none those that the relay lends.
func (p *Person) servers(ctx context.Context, o Flags, lender signal.ICEServerProvider, config *call.Config) error {
	config.NoRelayServers = len(o.TURN) > 0 // else the relay is asked anew for each call: credentials expire
	var urls []string
	for _, s := range o.TURN {
		urls = append(urls, s.URLs...)
	}
	if len(o.TURN) == 0 {
		lent, err := lender.ICEServers(ctx)
		if err != nil {
			return fmt.Errorf("the relay at %s does not say what ICE servers it lends: %w", o.Relay, err)
		}
		for _, s := range lent {
			urls = append(urls, s.URLs...)
		}
	}
	p.TURN = slices.ContainsFunc(urls, func(u string) bool { return strings.HasPrefix(u, "turn") })
	if o.RelayOnly && !p.TURN {
		return errors.New("-relay-only needs a TURN server, and the relay lends none: name one with -turn URL,user,secret")
	}
	return nil
}

// explain says what to do about a relay that was not reached.
func explain(relay string, err error) error {
	switch {
	case errors.Is(err, websocket.ErrInsecure):
		return fmt.Errorf("%w (or -insecure-plaintext in a test network)", err)
	case errors.Is(err, signal.ErrUnavailable):
		return fmt.Errorf("no relay answers at %s: does it run there, and is the way to it open? %w", relay, err)
	case errors.Is(err, signal.ErrRejected):
		return fmt.Errorf("the relay at %s refused us: is this URL what it has for -origin? %w", relay, err)
	}
	return fmt.Errorf("relay %s: %w", relay, err)
}
