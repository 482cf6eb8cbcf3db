package calltest_test

import (
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
