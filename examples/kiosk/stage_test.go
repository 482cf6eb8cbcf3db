package main

import (
	"bytes"
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/examples/internal/person"
	"github.com/sotto-calls/sotto/examples/kiosk/internal/systemd"
	"github.com/sotto-calls/sotto/internal/sim"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/memory"
)

// A stage is a kiosk and people, with a relay and a network in memory, in virtual time.
type stage struct {
	t     *testing.T
	world *sim.World
	net   *memory.Network
	hosts int

	self   *caller
	front  *front
	kiosk  *kiosk
	said   *lines
	people map[string]*caller
	end    context.CancelFunc // SIGTERM
	done   chan struct{}      // the kiosk has ended
}

// A caller is one who is online.
type caller struct {
	t         *testing.T
	client    *call.Client
	identity  *e2ee.Identity
	contacts  *e2ee.Contacts
	transport *memory.Transport
	kiosk     e2ee.Contact // as they know it
}

// A lines is a log that many goroutines write.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// onStage runs f beside a kiosk with these flags, who knows people of these names and is known by them.
func onStage(t *testing.T, flags string, names []string, f func(t *testing.T, s *stage)) {
	t.Helper()
	notified(t, flags, names, nil, f)
}

// notified is onStage with a service manager.
func notified(t *testing.T, flags string, names []string, n *systemd.Notifier, f func(t *testing.T, s *stage)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := &stage{t: t, world: sim.NewWorld(t, sim.Link{OneWay: 20 * time.Millisecond}), net: memory.New(memory.Faults{}), said: &lines{},
			people: make(map[string]*caller), done: make(chan struct{})}
		o, err := parse(append([]string{"-relay", "ws://127.0.0.1:1"}, strings.Fields(flags)...), t.Output())
		if err != nil {
			t.Fatal(err)
		}
		l := log.New(s.said, "", 0)
		g, err := newGear(o.devices, l)
		if err != nil {
			t.Fatal(err)
		}
		s.self = s.enter("kiosk", filepath.Join(dir, "contacts"))
		for _, name := range names {
			s.people[name] = s.enter(name, "")
			s.people[name].kiosk = introduce(t, s.people[name], s.self, "kiosk")
			introduce(t, s.self, s.people[name], name)
		}
		s.start(s.self)
		for _, c := range s.people {
			s.start(c)
		}
		s.kiosk = newKiosk(o, &person.Person{Identity: s.self.identity, Contacts: s.self.contacts, Client: s.self.client,
			Transport: s.self.transport}, g, n, l)
		s.front = &front{options: o, gear: g, log: l}
		s.front.online.Store(s.kiosk)
		ctx, cancel := context.WithCancel(t.Context())
		s.end = cancel
		go func() {
			defer close(s.done)
			s.kiosk.run(ctx)
		}()
		defer func() { // also after a Fatal
			cancel()
			<-s.done
			s.leave()
			if t.Failed() {
				t.Logf("the kiosk said\n%s", s.said)
			}
		}()
		f(t, s)
	})
}

func (s *stage) leave() {
	s.self.client.Close()
	for _, c := range s.people {
		c.client.Close()
	}
	s.net.Close()
	s.world.Close()
}

// enter makes somebody who is not online yet.
func (s *stage) enter(name, store string) *caller {
	id := e2ee.Generate()
	contacts, err := e2ee.OpenContacts(store, id)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := contacts.SetProfile(e2ee.Profile{Name: name, Relays: []string{"relay"}}); err != nil {
		s.t.Fatal(err)
	}
	return &caller{t: s.t, identity: id, contacts: contacts}
}

// introduce makes other a contact of c under this label.
func introduce(t *testing.T, c, other *caller, label string) e2ee.Contact {
	t.Helper()
	if _, err := other.contacts.Add(c.contacts.Card(), c.contacts.Profile().Name); err != nil {
		t.Fatal(err)
	}
	card, err := other.contacts.CardFor(c.identity.Public())
	if err != nil {
		t.Fatal(err)
	}
	known, err := c.contacts.Add(card, label)
	if err != nil {
		t.Fatal(err)
	}
	return known
}

// start brings somebody online.
func (s *stage) start(c *caller) {
	s.hosts++
	c.transport = s.net.Relay("relay").Dial(c.identity.Mailbox())
	if err := c.transport.Admit(s.t.Context(), c.contacts.TokenHashes(), false); err != nil {
		s.t.Fatal(err)
	}
	config := call.Config{Identity: c.identity, Contacts: c.contacts, Transports: []signal.Transport{c.transport},
		Admit: call.ContactsOnly(c.contacts, call.Limits{Rings: -1})}
	config.Media.Net = s.world.Host("1.2.3." + string(rune('0'+s.hosts)))
	var err error
	if c.client, err = call.NewClient(config); err != nil {
		s.t.Fatal(err)
	}
}

// verify compares safety numbers with somebody, or forgets that, as the contact program would: in another process.
func (s *stage) verify(name string, verified bool) {
	s.t.Helper()
	id := s.people[name].identity.Public()
	f := s.self.contacts.Unverify
	if verified {
		f = s.self.contacts.Verify
	}
	if err := f(id); err != nil {
		s.t.Fatal(err)
	}
}

// command is a line on stdin.
func (s *stage) command(verb string) string {
	s.t.Helper()
	r, err := s.front.want(s.t.Context(), verb)
	if err != nil {
		s.t.Fatal(err)
	}
	return r.text
}

// http asks the control socket.
func (s *stage) http(method, path, body string) (int, string) {
	s.t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequest(method, "http://127.0.0.1:8090"+path, strings.NewReader(body))
	s.front.control().ServeHTTP(w, r)
	b, err := io.ReadAll(w.Result().Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return w.Result().StatusCode, string(b)
}

// wants looks for lines in the log.
func (s *stage) wants(lines ...string) {
	s.t.Helper()
	for _, want := range lines {
		if !strings.Contains(s.said.String(), want) {
			s.t.Errorf("no line with %q in\n%s", want, s.said)
		}
	}
}

// rung waits until the caller is rung.
func (c *caller) rung(ctx context.Context) *call.Incoming {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	in, err := c.client.Accept(ctx)
	if err != nil {
		c.t.Fatal(err)
	}
	return in
}

// silent is what one sends and takes who only looks.
func silent() call.Media {
	return call.Media{Receive: func(media.TrackInfo) media.Sink { return nil }}
}

// dial rings the kiosk.
func (c *caller) dial() *call.Call {
	c.t.Helper()
	k, err := c.client.Dial(c.t.Context(), c.kiosk, silent())
	if err != nil {
		c.t.Fatal(err)
	}
	return k
}

// until waits for an event of this kind.
func until[E call.Event](t *testing.T, c *call.Call) E {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for ev := range c.Events(ctx) {
		if e, ok := ev.(E); ok {
			return e
		}
	}
	var none E
	t.Fatalf("no %T: %v", none, c.Err())
	return none
}

// rings waits until a call rings, and the kiosk knows: its client says so to the caller before it hands the call over.
func rings(t *testing.T, c *call.Call) {
	t.Helper()
	until[call.Ringing](t, c)
	synctest.Wait()
}

// ended is how a call ended.
func ended(t *testing.T, c *call.Call) call.Ended {
	t.Helper()
	return until[call.Ended](t, c)
}

// over is how a call ended that rang and was not answered.
func over(t *testing.T, in *call.Incoming) *call.EndedError {
	t.Helper()
	<-in.Done()
	_, err := in.Answer(t.Context(), silent())
	e, ok := err.(*call.EndedError)
	if !ok {
		t.Fatalf("answered: %v", err)
	}
	return e
}

// status of the control socket.
const (
	fine     = http.StatusOK
	conflict = http.StatusConflict
	down     = http.StatusServiceUnavailable
)
