package calltest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sync"
	"time"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/signaltest"
)

// A Witness stands beside one person and tells what their program can open of the packets that come: it has the person's
// mailboxes, which a relay has not. It says what a call keeps to itself: why a packet was refused.
type Witness struct {
	me e2ee.ID

	mu    sync.Mutex
	reads []Read
}

// A Read is one packet as its receiver has it.
type Read struct {
	At      time.Time
	Size    int           // bytes, as the relay has it
	Sum     [32]byte      // SHA-256 of the packet's body: which one it was at the relay
	Mailbox string        // "identity" or "call"
	Message *e2ee.Message // nil: it did not open
	Hash    [32]byte      // of the message's payload
	Err     error         // why it did not open
}

// NewWitness returns a witness for the person me.
func NewWitness(me e2ee.ID) *Witness { return &Witness{me: me} }

// Reads is what was received so far.
func (w *Witness) Reads() []Read {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]Read(nil), w.reads...)
}

// Refusals counts the packets that did not open, by the error that they gave.
func (w *Witness) Refusals() map[string]int {
	n := map[string]int{}
	for _, r := range w.Reads() {
		if r.Err != nil {
			n[r.Err.Error()]++
		}
	}
	return n
}

// Wrap lets the witness see what t, the transport of the mailbox m, receives. Give the result to call.Config.
func (w *Witness) Wrap(t signal.Transport, m signal.Mailbox) signal.Transport {
	box, _ := m.(*e2ee.Mailbox)
	return &watched{Transport: t, witness: w, box: box, kind: "identity"}
}

// behind wraps the transport of an identity: the hostile relay outside, the witness within.
func (w *Witness) behind(h *signaltest.Hostile, t signal.Transport, id *e2ee.Identity) signal.Transport {
	return w.Wrap(h.Wrap(t, id.Mailbox()), id.Mailbox())
}

// watched is a transport under the eyes of a witness.
type watched struct {
	signal.Transport
	witness *Witness
	box     *e2ee.Mailbox // nil: no mailbox
	kind    string
}

func (t *watched) Receive(ctx context.Context) (signal.Packet, error) {
	p, err := t.Transport.Receive(ctx)
	if err != nil || t.box == nil {
		return p, err
	}
	r := Read{At: time.Now(), Size: len(p.Body), Sum: sha256.Sum256(p.Body), Mailbox: t.kind}
	m, hash, e := t.box.Open(p.Body, t.witness.me)
	if r.Err = e; e == nil {
		r.Message, r.Hash = &m, hash
	}
	t.witness.mu.Lock()
	defer t.witness.mu.Unlock()
	t.witness.reads = append(t.witness.reads, r)
	return p, nil
}

// Open opens, and watches what it has opened.
func (t *watched) Open(ctx context.Context, relay string, m signal.Mailbox) (signal.Transport, error) {
	inner, err := t.Transport.(signal.Opener).Open(ctx, relay, m)
	if err != nil {
		return nil, err
	}
	box, _ := m.(*e2ee.Mailbox)
	return &watched{Transport: inner, witness: t.witness, box: box, kind: "call"}, nil
}

// Relay is the relay's name.
func (t *watched) Relay() string { return t.Transport.(signal.Opener).Relay() }

// Admit is passed on.
func (t *watched) Admit(ctx context.Context, tokens [][32]byte, open bool) error {
	return t.Transport.(signal.Registrar).Admit(ctx, tokens, open)
}

// ICEServers are the relay's, if it has any.
func (t *watched) ICEServers(ctx context.Context) ([]signal.ICEServer, error) {
	if p, ok := t.Transport.(signal.ICEServerProvider); ok {
		return p.ICEServers(ctx)
	}
	return nil, nil
}

// messageNames are those of docs/PROTOCOL, section 3.
var messageNames = map[uint64]string{1: "Invite", 2: "Ringing", 3: "Accept", 4: "Decline", 5: "Cancel", 6: "Welcome",
	7: "Ack", 9: "InCall", 10: "Bye", e2ee.TypeMissedCall: "missed-call notice"}

// String names the message, or says why there is none.
func (r Read) String() string {
	if r.Err != nil {
		return r.Err.Error()
	}
	if name, ok := messageNames[r.Message.Type]; ok {
		return name
	}
	return fmt.Sprintf("message of type %d", r.Message.Type)
}
