package call

import (
	"context"
	"sync"
	"time"

	"github.com/sotto-calls/sotto/e2ee"
)

// A Caller is who rings, as far as we know them. For Admit it holds only what the sealed and signed envelope and our own
// contacts say; Claimed, KeyChanged and LookAlike of a stranger are filled in when the call rings.
type Caller struct {
	ID         e2ee.ID
	Name       string    // our own label, as e2ee.Contact has it; empty if they are not a contact
	KnownSince time.Time // when they became a contact; zero: they are none
	Verified   time.Time // when their identity was verified; zero: never
	Blocked    bool
	Route      string // the relay that the Invite came by

	Claimed    string // what a stranger calls itself: nobody has checked it, never show it in place of Name
	KeyChanged string // the label of a contact of the same name that has another key; empty: none
	LookAlike  string // the label of a contact whose name is easily taken for this one; empty: none
}

// Contact says whether the caller is one.
func (c Caller) Contact() bool { return !c.KnownSince.IsZero() }

// A Decision is what becomes of an Invite.
type Decision uint8

const (
	// Ignore says nothing, not even that the Invite arrived. It is the zero value.
	Ignore Decision = iota
	// Refuse declines at once.
	Refuse
	// Ring asks the application.
	Ring
)

// AdmitFunc decides on an Invite before its content is read, on the goroutine that reads the mailbox (or, of one that
// crossed a call of ours which came to nothing, on its own): it must be quick, and must be safe for use by several goroutines.
type AdmitFunc func(ctx context.Context, c Caller) Decision

// Limits bound how often one caller may ring. The zero value has the defaults.
type Limits struct {
	Rings    int           // rings within Window; 0: 6; negative: no limit
	Window   time.Duration // 0: 10 minutes
	CoolDown time.Duration // how long a caller who rang too often is ignored; 0: 10 minutes
}

// ContactsOnly lets contacts ring that are not blocked, each within limits, and ignores everybody else. Give it those of
// Config.Contacts: of these the client reads the file again before each decision, so that what another process has changed
// (a contact blocked, verified, removed) holds at once. If it cannot be read, nobody rings.
func ContactsOnly(contacts *e2ee.Contacts, l Limits) AdmitFunc {
	q := newQuota(l)
	return func(_ context.Context, c Caller) Decision {
		known, ok := contacts.Lookup(c.ID)
		if !ok || known.Blocked || !q.take(c.ID, time.Now()) {
			return Ignore
		}
		return Ring
	}
}

// InsecureAnyone lets anybody ring who can reach the mailbox. Only for mailboxes that are open by choice: a help desk, a
// door. That takes Config.OpenMailbox too: without it the relay lets nobody through but contacts. The limits are of each
// identity, and anybody can make new ones; Config.MaxCalls bounds them all.
func InsecureAnyone(l Limits) AdmitFunc {
	q := newQuota(l)
	return func(_ context.Context, c Caller) Decision {
		if c.Blocked || !q.take(c.ID, time.Now()) {
			return Ignore
		}
		return Ring
	}
}

// maxQuotas bounds the callers whose rings are counted; past it the counting starts anew.
const maxQuotas = 4096

// A quota counts the rings of each caller.
type quota struct {
	limits Limits
	mu     sync.Mutex
	seen   map[e2ee.ID]*rings
}

type rings struct {
	at      []time.Time // within the window
	ignored time.Time   // until
}

func newQuota(l Limits) *quota {
	if l.Rings == 0 {
		l.Rings = 6
	}
	if l.Window == 0 {
		l.Window = 10 * time.Minute
	}
	if l.CoolDown == 0 {
		l.CoolDown = 10 * time.Minute
	}
	return &quota{limits: l, seen: make(map[e2ee.ID]*rings)}
}

// take counts a ring, and says whether it is within the limits.
func (q *quota) take(id e2ee.ID, now time.Time) bool {
	if q.limits.Rings < 0 {
		return true
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	r := q.seen[id]
	if r == nil {
		if len(q.seen) >= maxQuotas {
			clear(q.seen)
		}
		r = &rings{}
		q.seen[id] = r
	}
	if now.Before(r.ignored) {
		return false
	}
	recent := r.at[:0]
	for _, t := range r.at {
		if now.Sub(t) < q.limits.Window {
			recent = append(recent, t)
		}
	}
	if r.at = append(recent, now); len(r.at) > q.limits.Rings {
		r.at, r.ignored = nil, now.Add(q.limits.CoolDown)
		return false
	}
	return true
}
