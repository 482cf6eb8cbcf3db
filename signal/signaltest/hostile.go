package signaltest

import (
	"bytes"
	"sync"
	"time"

	"github.com/sotto-calls/sotto/signal"
)

// A Hostile is a relay in the worst hands. It is put between a program and any relay by wrapping the program's
// transports, sees what a relay sees, keeps it all, and does with packets what its Rules say:
//
//	evil := signaltest.NewHostile()
//	transport := evil.Wrap(real, identity.Mailbox()) // give this one to the program under test
//	evil.Use(signaltest.Repeat(2))
//	…
//	if hits := evil.Find([]byte("a secret")); len(hits) > 0 { t.Error("the relay has read it") }
//
// It knows no more than a relay: the keys of mailboxes and the packets, with their tokens; not what is in them. It can
// drop, change, repeat, delay and invent packets (Rule, Deliver), hand a mailbox what no token admits, and present its
// visitors' mailboxes elsewhere (Relayed). What else it may try with keys of its own is in call/calltest, Attacks.
//
// Its methods are safe for concurrent use. It starts one goroutine for each mailbox that is opened through it, which ends
// with the transport's Close.
type Hostile struct {
	ruling sync.Mutex // rules run one at a time
	rules  []Rule

	mu     sync.Mutex
	seen   []Sighting
	owners map[signal.Address]signal.Mailbox
	open   map[signal.Address][]*wrapped
	acts   int
}

// A Rule decides what a relay stores in place of a packet that was given to it: nothing, the packet, others. Rules of one
// Hostile are called one at a time, in the order of Use, each with what the one before has made; a Rule may call the
// methods of the Hostile, except Use. It must not change p.Body.
type Rule func(p signal.Packet) []signal.Packet

// NewHostile returns a relay that only listens, until Use gives it something to do.
func NewHostile() *Hostile {
	return &Hostile{owners: map[signal.Address]signal.Mailbox{}, open: map[signal.Address][]*wrapped{}}
}

// Use replaces the rules. Without any, packets pass as they are.
func (h *Hostile) Use(rules ...Rule) {
	h.ruling.Lock()
	defer h.ruling.Unlock()
	h.rules = rules
}

// Deliver hands a body to everyone who reads the mailbox a now, whatever its owner admits. It says how many they are.
func (h *Hostile) Deliver(a signal.Address, body []byte) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.open[a]) > 0 {
		h.acts++
	}
	for _, t := range h.open[a] {
		t.inbox.Put(signal.Packet{To: a, Token: h.tokenLocked(a), Body: bytes.Clone(body)})
	}
	return len(h.open[a])
}

// Acts is how often the relay did something else than to pass on a packet. A test that asserts that an attack failed
// asserts first that there was one.
func (h *Hostile) Acts() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.acts
}

// store applies the rules to a packet that was sent.
func (h *Hostile) store(from signal.Address, p signal.Packet) []signal.Packet {
	h.ruling.Lock()
	defer h.ruling.Unlock()
	p.Body = bytes.Clone(p.Body)
	n := h.note(Sighting{What: Sent, Mailbox: from, Packet: p})
	out := []signal.Packet{p}
	for _, rule := range h.rules {
		var next []signal.Packet
		for _, q := range out {
			next = append(next, rule(q)...)
		}
		out = next
	}
	if len(out) != 1 || !bytes.Equal(out[0].Body, p.Body) || out[0].To != p.To {
		h.mu.Lock()
		h.acts++
		h.seen[n].Stored = len(out)
		h.seen[n].Changed = true
		h.mu.Unlock()
	}
	return out
}

func (h *Hostile) note(s Sighting) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	s.At, s.Stored = time.Now(), 1
	h.seen = append(h.seen, s)
	return len(h.seen) - 1
}

// tokenLocked is the token that somebody has used to write to a.
func (h *Hostile) tokenLocked(a signal.Address) signal.Token {
	for _, s := range h.seen {
		if s.What == Sent && s.Packet.To == a {
			return s.Packet.Token
		}
	}
	return signal.Token{}
}
