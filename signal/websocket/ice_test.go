package websocket

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/internal/turnrest"
	"github.com/sotto-calls/sotto/signal"
)

func TestICEServersAreRenewedInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		secret := []byte("the shared secret")
		w := newWires()
		relay := w.start(t, RelayConfig{ICE: ICE{STUN: []string{"stun:a:1"}, TURN: []string{"turn:a:1", "turns:a:2"}, Secret: secret, Lifetime: 10 * time.Minute}})
		defer relay.Close()
		bob, alice := w.owner(t), w.dial(t, nil)
		defer bob.Close()
		defer alice.Close()
		start := time.Now()
		get := func() signal.ICEServer {
			s, err := bob.ICEServers(t.Context())
			if err != nil || len(s) != 2 || len(s[0].URLs) != 1 || s[0].Username != "" || len(s[1].URLs) != 2 {
				t.Fatalf("%v, %v", s, err)
			}
			if left := time.Until(s[1].Expires); left < 5*time.Minute {
				t.Errorf("credentials for %v, want half of their time at least", left)
			}
			return s[1]
		}
		first := get()
		if first.Credential != turnrest.Password(secret, first.Username) {
			t.Error("the credential does not fit the secret")
		}
		if at, ok := turnrest.Expires(first.Username); !ok || at.Sub(start) != 10*time.Minute {
			t.Errorf("expires %v", at)
		}
		late, cancel := context.WithCancel(t.Context())
		cancel()
		if s, err := bob.ICEServers(late); err != nil || len(s) != 2 {
			t.Errorf("what was lent is not asked for, yet: %v, %v", s, err)
		}
		time.Sleep(5*time.Minute - 1)
		if again := get(); again.Username != first.Username {
			t.Error("renewed before half of the time")
		}
		time.Sleep(1 * time.Nanosecond)
		if _, err := bob.ICEServers(late); !errors.Is(err, context.Canceled) {
			t.Errorf("to be asked for, in no time: %v", err)
		}
		if again := get(); again.Username == first.Username {
			t.Error("not renewed after half of the time")
		}
		if _, err := alice.ICEServers(t.Context()); !errors.Is(err, signal.ErrNoMailbox) {
			t.Errorf("without a mailbox: %v", err)
		}
		guest := w.raw(t)
		defer guest.ws.CloseNow()
		guest.challenge()
		guest.write(&helloFrame{Version: version})
		guest.read()
		guest.write(&askFrame{N: 1})
		if r, ok := guest.read().(*resultFrame); !ok || r.Code != codeRefused {
			t.Error("the relay lends servers to clients without a mailbox")
		}
	})
}
