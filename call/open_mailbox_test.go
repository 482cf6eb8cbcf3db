package call_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/call/calltest"
	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/signal"
)

// TestWhoReachesAMailbox: a stranger who has the card alone rings where the mailbox is open and Admit lets it, also after a
// change of the contacts; elsewhere nothing of it arrives, whatever Admit would say.
// Mutation: keepAdmitted that always closes, or always opens.
func TestWhoReachesAMailbox(t *testing.T) {
	for name, change := range map[string]func(*call.Config){
		"closed":           func(*call.Config) {},
		"open":             func(c *call.Config) { c.OpenMailbox = true },
		"without contacts": func(c *call.Config) { c.OpenMailbox, c.Contacts = true, nil },
	} {
		synctest.Test(t, func(t *testing.T) {
			n := calltest.New(t, calltest.Options{Configure: func(side string, c *call.Config) {
				if side == "bob" {
					c.Admit = call.InsecureAnyone(call.Limits{})
					change(c)
				}
			}})
			time.Sleep(time.Second)
			check(t, n.Bob.Contacts.Rename(n.Bob.Peer.ID, "Alice, of old"))
			time.Sleep(time.Second)
			contacts, carol := stranger(t, n)
			to, err := contacts.Add(n.Bob.Contacts.Card(), "the door")
			check(t, err)
			c, err := carol.Dial(t.Context(), to, deaf())
			check(t, err)
			time.Sleep(time.Second)
			if got := n.Bob.Client.Stats(); (got.Rang == 1) != (name != "closed") || name == "closed" && got.Packets != 0 {
				t.Errorf("%s: %+v", name, got)
			}
			c.Close()
		})
	}
}

// TestNobodyCouldRing: a client whose relay would let nobody through is refused, and says what is missing.
// Mutations: prepare without Contacts, or without Registrar.
func TestNobodyCouldRing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := calltest.New(t, calltest.Options{})
		config := n.Bob.Config
		config.Contacts = nil
		if _, err := call.NewClient(config); !errors.Is(err, call.ErrConfig) {
			t.Errorf("contacts forgotten: %v", err)
		}
		config.Contacts, _ = e2ee.OpenContacts("", e2ee.Generate())
		if _, err := call.NewClient(config); !errors.Is(err, call.ErrConfig) {
			t.Errorf("contacts of another identity: %v", err)
		}
		config = n.Bob.Config
		relay := config.Transports[0]
		config.Transports = []signal.Transport{struct {
			signal.Transport
			signal.Opener
		}{relay, relay.(signal.Opener)}}
		if _, err := call.NewClient(config); !errors.Is(err, call.ErrConfig) {
			t.Errorf("a transport that registers no tokens: %v", err)
		}
	})
}
