package call_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/call/calltest"
	"github.com/sotto-calls/sotto/e2ee"
)

// A logged is a log that may be read while it is written.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logged) has(s string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(l.text.String(), s)
}

// TestAnotherProcessChangesTheContacts of a client that runs: who is blocked there rings no more, at once, and the relay is
// told; who is verified there is shown so; and while the file cannot be read, nobody rings.
// Mutations: decide without Reload, that goes on after its error, or without Forget; NewClient without watch.
func TestAnotherProcessChangesTheContacts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "contacts")
		var log logged
		n := calltest.New(t, calltest.Options{OneWay: 10 * time.Millisecond, Configure: func(name string, c *call.Config) {
			if name != "bob" {
				return
			}
			check(t, c.Contacts.MoveTo(path, c.Identity))
			contacts, err := e2ee.OpenContacts(path, c.Identity)
			check(t, err)
			c.Contacts, c.Admit = contacts, call.ContactsOnly(contacts, call.Limits{})
			c.Logger = slog.New(slog.NewTextHandler(&log, nil))
		}})
		tool, err := e2ee.OpenContacts(path, n.Bob.Identity)
		check(t, err)
		alice, bob := n.Alice.Identity.Public(), n.Bob.Client
		// rings dials, and says what Bob's client had of it in a second.
		rings := func() (now call.ClientStats) {
			t.Helper()
			before := bob.Stats()
			c, err := n.Alice.Client.Dial(t.Context(), n.Alice.Peer, deaf())
			check(t, err)
			time.Sleep(time.Second)
			now = bob.Stats()
			now.Packets, now.Ignored, now.Rang = now.Packets-before.Packets, now.Ignored-before.Ignored, now.Rang-before.Rang
			c.Close()
			time.Sleep(time.Second)
			return now
		}
		if got := rings(); got.Rang != 1 {
			t.Fatalf("a contact: %+v", got)
		}
		check(t, tool.Block(alice, true))
		if got := rings(); got.Rang != 0 || got.Ignored != 1 {
			t.Errorf("blocked just now: %+v", got)
		}
		time.Sleep(4 * time.Second)
		if got := rings(); got.Packets != 0 {
			t.Errorf("the relay was not told: %+v", got)
		}
		check(t, tool.Block(alice, false))
		check(t, tool.Verify(alice))
		time.Sleep(4 * time.Second)
		if got := rings(); got.Rang != 1 {
			t.Fatalf("let in again: %+v", got)
		}
		c, err := n.Alice.Client.Dial(t.Context(), n.Alice.Peer, deaf())
		check(t, err)
		in, err := bob.Accept(t.Context())
		check(t, err)
		if in.Caller().Verified.IsZero() {
			t.Error("who was verified is not shown as verified")
		}
		c.Close()
		time.Sleep(time.Second)

		file, err := os.ReadFile(path)
		check(t, err)
		check(t, os.WriteFile(path, file[:len(file)/2], 0o600))
		if got := rings(); got.Rang != 0 || got.Ignored != 1 || !log.has("the contacts cannot be read") {
			t.Errorf("half a file: %+v", got)
		}

		c, err = n.Alice.Client.Dial(t.Context(), n.Alice.Peer, deaf())
		check(t, err)
		time.Sleep(100 * time.Millisecond)
		check(t, os.WriteFile(path, file, 0o600))
		if soonRings(t, n.Bob) == nil {
			t.Error("a file that could not be read for a moment took the whole call away")
		}
		c.Close()
	})
}
