package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/websocket"
)

// slow is how long a step may take that should take a moment: the machine may be busy.
const slow = 20 * time.Second

// A program is browsercall as it runs, and what it told.
type program struct {
	t      *testing.T
	events chan event
	enter  io.Writer // its terminal
	end    func() int
}

// start runs the program with -json on a free port. It ends with the test.
func start(t *testing.T, args ...string) *program {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, write := io.Pipe()
	in, enter := io.Pipe()
	p := &program{t: t, events: make(chan event, 1000), enter: enter}
	status := make(chan int, 1)
	go func() {
		status <- run(ctx, append([]string{"-listen", "127.0.0.1:0", "-json"}, args...), in, write, t.Output())
		write.Close()
	}()
	go func() {
		defer close(p.events)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var e event
			if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
				t.Errorf("no JSON: %q", lines.Text())
			}
			p.events <- e
		}
	}()
	ended := false
	p.end = func() int {
		if ended {
			return 0
		}
		ended = true
		cancel()
		enter.Close()
		return <-status
	}
	t.Cleanup(func() { p.end() })
	return p
}

// want waits for the next event of this name, past others. A warning fails the test.
func (p *program) want(name string) event {
	p.t.Helper()
	timeout := time.After(slow)
	for {
		select {
		case e, ok := <-p.events:
			switch {
			case !ok:
				p.t.Fatalf("the program ended before %q", name)
			case e.Event == name:
				return e
			case e.Event == "warning":
				p.t.Errorf("warning: %s", e.Warning)
			}
		case <-timeout:
			p.t.Fatalf("no %q after %v", name, slow)
		}
	}
}

// A guest stands where the browser will: it has the page's address with an invitation, and nothing else.
type guest struct {
	t *testing.T
	*person
}

// newGuest uses the invitation of a link, and returns when the bot has confirmed.
func newGuest(t *testing.T, link, name string, o ...websocket.Option) *guest {
	t.Helper()
	_, fragment, _ := strings.Cut(link, "#")
	inv, err := e2ee.ParseInvitation(strings.ReplaceAll(fragment, "%23", "#"))
	if err != nil {
		t.Fatal(err)
	}
	g := &guest{t, &person{identity: e2ee.Generate()}}
	t.Cleanup(g.close)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	g.contacts, err = e2ee.OpenContacts("", g.identity)
	must(err)
	must(g.contacts.SetProfile(e2ee.Profile{Name: name, Relays: inv.Relays}))
	transport, err := websocket.Dial(t.Context(), inv.Relays[0], g.identity.Mailbox(), o...)
	must(err)
	g.client, err = call.NewClient(call.Config{Identity: g.identity, Contacts: g.contacts, Transports: []signal.Transport{transport},
		Admit: call.ContactsOnly(g.contacts, call.Limits{}), Media: media.Settings{Loopback: true}})
	must(err)
	letter, err := g.contacts.Use(inv, "")
	must(err)
	must(g.client.Deliver(t.Context(), letter))
	g.confirmed(inv.From)
	return g
}

// confirmed waits until the bot is a contact.
func (g *guest) confirmed(id e2ee.ID) {
	g.t.Helper()
	timeout := time.After(slow)
	for {
		changed := g.contacts.Changed()
		if c, _ := g.contacts.Lookup(id); c.State == e2ee.Confirmed {
			return
		}
		select {
		case <-changed:
		case <-timeout:
			g.t.Fatal("the invitation was not confirmed")
		}
	}
}

// bot is the one contact of a guest.
func (g *guest) bot() e2ee.Contact {
	g.t.Helper()
	all := g.contacts.All()
	if len(all) != 1 {
		g.t.Fatalf("%d contacts", len(all))
	}
	return all[0]
}

// wantCall waits for an event of a call.
func wantCall[E call.Event](t *testing.T, c *call.Call) E {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), slow)
	defer cancel()
	for {
		ev, err := c.Next(ctx)
		if err != nil {
			t.Fatalf("no %T: %v", *new(E), err)
		}
		if e, ok := ev.(E); ok {
			return e
		}
	}
}

// get asks the program for a page.
func get(t *testing.T, method, url, host string) (*http.Response, string) {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	q.Host = host
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r, string(body)
}
