package call_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/call/calltest"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/memory"
)

// lending is a transport whose relay lends one TURN server.
type lending struct {
	*memory.Transport
	url   string
	asked atomic.Int32
}

func (l *lending) ICEServers(context.Context) ([]signal.ICEServer, error) {
	l.asked.Add(1)
	return []signal.ICEServer{{URLs: []string{l.url}, Username: "user", Credential: "a secret of the relay"}}, nil
}

// TestServersLentByTheRelay: relay-only with what the relay lends; they are asked for again when the path is sought anew,
// for what was lent at the start may have run out.
// Mutation: leave renew out of negotiate.
func TestServersLentByTheRelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := calltest.NewWorld(t, calltest.Link{OneWay: 20 * time.Millisecond})
		_, turn := w.Relay("1.2.3.9", "user", "a secret of the relay")
		var lent *lending
		n := calltest.New(t, calltest.Options{World: w, Configure: func(name string, c *call.Config) {
			if name == "alice" {
				lent = &lending{Transport: c.Transports[0].(*memory.Transport), url: turn}
				c.Transports = []signal.Transport{lent}
				c.Media.RelayOnly = true
			}
		}})
		p := connect(t, n, call.Media{Send: []media.Source{camera(90000)}}, call.Media{Send: []media.Source{camera(90000)}})
		flows(t, p.fromAlice, media.Video, true)
		if s := p.alice.Stats().Media; s.Local != "relay" {
			t.Errorf("Alice's candidate is %q", s.Local)
		}
		before := lent.asked.Load()
		p.alice.NetworkChanged()
		time.Sleep(3 * time.Second)
		if lent.asked.Load() == before {
			t.Error("a restart did not ask the relay again")
		}
		flows(t, p.fromAlice, media.Video, true)
		p.hangup(t)
	})
}
