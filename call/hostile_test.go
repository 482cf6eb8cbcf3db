package call

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/internal/sim"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/memory"
)

// Addresses on the virtual network.
const (
	victimIP  = "1.2.3.4"
	hostileIP = "6.6.6.6"
)

// A stage is where a hostile peer meets a client of ours: one relay and one network, both in memory and in virtual time.
type stage struct {
	t       *testing.T
	net     *memory.Network
	relay   *memory.Relay
	world   *sim.World
	packets atomic.Int64 // on the virtual network
	log     lockedBuffer // what the victims log, all levels
}

// onStage runs f in a bubble.
func onStage(t *testing.T, f func(*testing.T, *stage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &stage{t: t, net: memory.New(memory.Faults{Delay: 5 * time.Millisecond}), world: sim.NewWorld(t, sim.Link{OneWay: 5 * time.Millisecond})}
		s.relay = s.net.Relay("relay")
		s.world.Tap(func(sim.Packet) { s.packets.Add(1) })
		t.Cleanup(func() {
			s.net.Close()
			s.world.Close()
		})
		f(t, s)
	})
}

// A lockedBuffer is a log that several goroutines write.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// A person is an identity with its contacts.
type person struct {
	id       *e2ee.Identity
	contacts *e2ee.Contacts
}

func (s *stage) person(name string) person {
	s.t.Helper()
	p := person{id: e2ee.Generate()}
	var err error
	if p.contacts, err = e2ee.OpenContacts("", p.id); err != nil {
		s.t.Fatal(err)
	}
	if err := p.contacts.SetProfile(e2ee.Profile{Name: name, Relays: []string{"relay"}}); err != nil {
		s.t.Fatal(err)
	}
	return p
}

// knows makes other a contact of p, who may write to p, and returns it as p sees it.
func (p person) knows(t *testing.T, other person, label string) e2ee.Contact {
	t.Helper()
	if _, err := other.contacts.Add(p.contacts.Card(), "someone"); err != nil {
		t.Fatal(err)
	}
	card, err := other.contacts.CardFor(p.id.Public())
	if err != nil {
		t.Fatal(err)
	}
	if _, err = p.contacts.Add(card, label); err != nil {
		t.Fatal(err)
	}
	if err := p.contacts.Rename(other.id.Public(), label); err != nil {
		t.Fatal(err)
	}
	c, _ := p.contacts.Lookup(other.id.Public())
	return c
}

// A victim is an honest client.
type victim struct {
	person
	*Client
}

// victim starts a client whose contacts may ring.
func (s *stage) victim(p person, change ...func(*Config)) *victim {
	s.t.Helper()
	transport := s.relay.Dial(p.id.Mailbox())
	c := Config{Identity: p.id, Transports: []signal.Transport{transport}, Contacts: p.contacts,
		Admit: ContactsOnly(p.contacts, Limits{}), Name: "name-of-the-victim",
		Logger: slog.New(slog.NewTextHandler(&s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	for _, f := range change {
		f(&c)
	}
	if c.Media.Net == nil {
		c.Media.Net = s.world.Host(victimIP)
	}
	client, err := NewClient(c)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { client.Close() })
	synctest.Wait() // its tokens are registered
	return &victim{p, client}
}

// dial rings the peer.
func (v *victim) dial(t *testing.T, p *peer) *Call {
	t.Helper()
	to, ok := v.contacts.Lookup(p.id.Public())
	if !ok {
		t.Fatal("the peer is no contact")
	}
	c, err := v.Dial(t.Context(), to, Media{Send: []media.Source{&lens{}}, Receive: discard})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// rung waits for the call of the peer.
func (v *victim) rung(t *testing.T) *Incoming {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	in, err := v.Accept(ctx)
	if err != nil {
		t.Fatalf("it does not ring: %v; %+v", err, v.Stats())
	}
	return in
}

// quiet asserts that nothing rings.
func (v *victim) quiet(t *testing.T, why string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if in, err := v.Accept(ctx); err == nil {
		t.Errorf("%s: it rings: %v", why, in.Caller().Name)
	}
}

func discard(media.TrackInfo) media.Sink { return nil }

// ended waits for the end of a call and asserts why it ended.
func ended(t *testing.T, c *Call, want EndReason, remote bool) Ended {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for {
		ev, err := c.Next(ctx)
		if err != nil {
			t.Fatalf("the call does not end: %v; state %v", err, c.State())
		}
		if e, ok := ev.(Ended); ok {
			if e.Reason != want || e.Remote != remote {
				t.Errorf("%v, want %v, remote %v", e, want, remote)
			}
			<-c.Done()
			return e
		}
	}
}

// next waits for an event of one type.
func next[E Event](t *testing.T, c *Call) E {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		ev, err := c.Next(ctx)
		var none E
		if err != nil {
			t.Fatalf("no %T: %v", none, err)
		}
		if e, ok := ev.(E); ok {
			return e
		}
		if e, ok := ev.(Ended); ok {
			t.Fatalf("no %T: %v", none, e)
		}
	}
}

// random fills an array of 32 bytes.
func random() (b [32]byte) {
	rand.Read(b[:])
	return b
}

var errSilent = errors.New("nothing came")
