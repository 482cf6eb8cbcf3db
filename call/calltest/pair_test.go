package calltest_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/call/calltest"
	"github.com/sotto-calls/sotto/media"
)

// TestPair is how a test of one's own program begins: Bob's side would be the program.
func TestPair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		alice, bob := calltest.Pair(t)
		discard := func(media.TrackInfo) media.Sink { return nil }

		c, err := alice.Client.Dial(t.Context(), alice.Peer, call.Media{Receive: discard})
		if err != nil {
			t.Fatal(err)
		}
		in, err := bob.Client.Accept(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if in.Caller().Name != "Alice" {
			t.Errorf("caller %q", in.Caller().Name)
		}
		if _, err := in.Answer(t.Context(), call.Media{Receive: discard}); err != nil {
			t.Fatal(err)
		}
		for ev := range c.Events(t.Context()) {
			if _, ok := ev.(call.Connected); ok {
				break
			}
		}
		time.Sleep(time.Hour) // of virtual time
		if err := c.Hangup(t.Context(), call.Left); err != nil {
			t.Fatal(err)
		}
	})
}

// TestPairInRealTime needs no bubble.
func TestPairInRealTime(t *testing.T) {
	alice, bob := calltest.Pair(t)
	if alice.Peer.ID != bob.Identity.Public() || bob.Peer.ID != alice.Identity.Public() {
		t.Error("they do not know each other")
	}
}

// Example_pair shows the one line; calltest.New takes delay, loss and faults.
func Example_pair() {
	test := func(t *testing.T) {
		alice, bob := calltest.Pair(t)
		_, _ = alice.Client.Dial(t.Context(), alice.Peer, call.Media{ /* … */ })
		_, _ = bob.Client.Accept(t.Context())
	}
	_ = test
}

// TestAWorldOfOnesOwn: a call by a TURN server, as a test outside of this module may have it.
func TestAWorldOfOnesOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := calltest.NewWorld(t, calltest.Link{OneWay: 20 * time.Millisecond})
		_, turn := world.Relay("1.2.3.9", "user", "a secret")
		var straight, byTURN atomic.Int32
		world.Tap(func(p calltest.Packet) {
			if strings.HasPrefix(p.From, "1.2.3.9:") || strings.HasPrefix(p.To, "1.2.3.9:") {
				byTURN.Add(1)
			} else {
				straight.Add(1)
			}
		})
		n := calltest.New(t, calltest.Options{World: world, Configure: func(_ string, c *call.Config) {
			c.Media.RelayOnly = true
			c.Media.ICEServers = []media.ICEServer{{URLs: []string{turn}, Username: "user", Credential: "a secret"}}
		}})
		media := call.Media{Receive: func(media.TrackInfo) media.Sink { return nil }}
		c, err := n.Alice.Client.Dial(t.Context(), n.Alice.Peer, media)
		if err != nil {
			t.Fatal(err)
		}
		in, err := n.Bob.Client.Accept(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := in.Answer(t.Context(), media); err != nil {
			t.Fatal(err)
		}
		for c.State() < call.StateConnected {
			time.Sleep(time.Second)
		}
		if straight.Load() != 0 || byTURN.Load() == 0 {
			t.Errorf("%d packets went straight, %d by the TURN server", straight.Load(), byTURN.Load())
		}
		if err := c.Hangup(t.Context(), call.Left); err != nil {
			t.Fatal(err)
		}
	})
}
