package guests

import (
	"bufio"
	"context"
	"io"
	"log"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/call/calltest"
	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/examples/internal/person"
)

// lines is a log that is read while it is written.
type lines struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// Whoever uses a printed invitation is a contact, and the next one is printed; so it is when one expires.
func TestHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		alice, bob := calltest.Pair(t)
		for _, s := range []*calltest.Side{alice, bob} {
			if err := s.Contacts.Remove(s.Peer.ID); err != nil {
				t.Fatal(err)
			}
		}
		printed, w := io.Pipe()
		said := &lines{}
		h := &Host{Person: &person.Person{Identity: bob.Identity, Contacts: bob.Contacts, Client: bob.Client}, Invitations: w, Log: log.New(said, "", 0), TTL: time.Hour}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- h.Run(ctx) }()
		next := bufio.NewScanner(printed)
		read := func() e2ee.Invitation {
			t.Helper()
			if !next.Scan() {
				t.Fatal("no invitation")
			}
			inv, err := e2ee.ParseInvitation(next.Text())
			if err != nil {
				t.Fatal(err)
			}
			return inv
		}
		first := read()
		time.Sleep(time.Hour + time.Second)
		second := read()
		if first.URI() == second.URI() {
			t.Error("the same invitation was printed again")
		}
		letter, err := alice.Contacts.Use(second, "Bot")
		if err != nil {
			t.Fatal(err)
		}
		if err := alice.Client.Deliver(ctx, letter); err != nil {
			t.Fatal(err)
		}
		read() // the third
		time.Sleep(time.Second)
		for _, s := range []*calltest.Side{alice, bob} {
			if c, ok := s.Contacts.Lookup(s.Peer.ID); !ok || c.State != e2ee.Confirmed {
				t.Errorf("%v is no contact", s.Peer.ID)
			}
		}
		if !strings.Contains(said.String(), "used an invitation and is a contact now") {
			t.Errorf("the host said\n%s", said)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
