package call_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/call/calltest"
	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/memory"
)

// TestNoPathForWantOfServers: two networks that do not reach each other. Whoever had no server is told what to do; whoever
// has asked its relay, which it does unless told not to, and got one, is not.
// Mutations: finish without errNoServers; alone always true; lent that asks only if NoRelayServers is set.
func TestNoPathForWantOfServers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := calltest.NewWorld(t, calltest.Link{Loss: 1})
		_, turn := w.Relay("1.2.3.9", "user", "a secret of the relay")
		n := calltest.New(t, calltest.Options{World: w, Configure: func(name string, c *call.Config) {
			c.Transports = []signal.Transport{&lending{Transport: c.Transports[0].(*memory.Transport), url: turn}}
			c.NoRelayServers = name == "alice"
		}})
		c, in := ring(t, n, deaf())
		b, err := in.Answer(t.Context(), deaf())
		check(t, err)
		time.Sleep(time.Minute)
		for _, side := range []struct {
			call *call.Call
			want bool
		}{{c, true}, {b, false}} {
			e, ok := errors.AsType[*call.EndedError](side.call.Err())
			if !ok || e.Reason != call.IceFailed && e.Reason != call.IceTimeout || errors.Is(e, call.ErrNoServers) != side.want {
				t.Errorf("the end is %v; are servers missed: %v", side.call.Err(), side.want)
			}
		}
	})
}
