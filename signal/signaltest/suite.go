package signaltest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/signal"
)

// Dial connects the mailbox m to the one relay of a test; with m nil it connects a sender without a mailbox.
type Dial func(ctx context.Context, m signal.Mailbox) (signal.Transport, error)

// Timeout bounds each check of the suite.
const Timeout = 30 * time.Second

// A check returns what is wrong, so that the suite's own tests can show that it notices.
type check struct {
	name string
	run  func(*env) error
}

var checks = []check{
	{"Delivery", delivery},
	{"StoredBeforeReceive", storedBeforeReceive},
	{"OrderPerSender", orderPerSender},
	{"SizeLimits", sizeLimits},
	{"BodyIsNotKept", bodyIsNotKept},
	{"BodiesAreNotShared", bodiesAreNotShared},
	{"Notice", notice},
	{"UniformAnswers", uniformAnswers},
	{"NothingBeforeAdmit", nothingBeforeAdmit},
	{"TokensAreReplaced", tokensAreReplaced},
	{"OpenMailbox", openMailbox},
	{"AdmitLimits", admitLimits},
	{"SeveralReaders", severalReaders},
	{"Cancellation", cancellation},
	{"CloseUnblocks", closeUnblocks},
	{"CloseEndsCalls", closeEndsCalls},
	{"Concurrency", concurrency},
	{"SenderWithoutMailbox", senderWithoutMailbox},
	{"Opener", opener},
	{"ICEServers", iceServers},
}

// Run runs the suite. network is called once for each test and makes a fresh relay, whose resources it frees with
// t.Cleanup.
func Run(t *testing.T, network func(t *testing.T) Dial) {
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), Timeout)
			defer cancel()
			e := &env{ctx: ctx, dial: network(t)}
			defer e.close()
			if err := c.run(e); err != nil {
				t.Error(err)
			}
		})
	}
}

// env is what a check works with.
type env struct {
	ctx    context.Context
	dial   Dial
	opened []signal.Transport
}

func (e *env) close() {
	for _, t := range e.opened {
		t.Close()
	}
}

// transport dials; it is closed after the check.
func (e *env) transport(m signal.Mailbox) (signal.Transport, error) {
	t, err := e.dial(e.ctx, m)
	if err != nil {
		return nil, fmt.Errorf("dial: %w", err)
	}
	e.opened = append(e.opened, t)
	return t, nil
}

// party is a mailbox, open and admitting one token.
type party struct {
	signal.Transport
	mailbox *Mailbox
	token   signal.Token
}

// packet is one to this party.
func (p *party) packet(body string) signal.Packet {
	return signal.Packet{To: p.mailbox.Address(), Token: p.token, Body: []byte(body)}
}

// owner opens a new mailbox that admits one token.
func (e *env) owner() (*party, error) {
	p := &party{mailbox: NewMailbox(), token: NewToken()}
	var err error
	if p.Transport, err = e.transport(p.mailbox); err != nil {
		return nil, err
	}
	return p, admit(e.ctx, p, p.token)
}

func admit(ctx context.Context, t *party, tokens ...signal.Token) error {
	r, ok := t.Transport.(signal.Registrar)
	if !ok {
		return fmt.Errorf("%T with a mailbox is no signal.Registrar", t.Transport)
	}
	var hashes [][32]byte
	for _, token := range tokens {
		hashes = append(hashes, token.Hash())
	}
	if err := r.Admit(ctx, hashes, false); err != nil {
		return fmt.Errorf("Admit: %w", err)
	}
	return nil
}

// pair is an owner and a sender without a mailbox.
func (e *env) pair() (owner *party, sender signal.Transport, err error) {
	if owner, err = e.owner(); err != nil {
		return nil, nil, err
	}
	sender, err = e.transport(nil)
	return owner, sender, err
}
