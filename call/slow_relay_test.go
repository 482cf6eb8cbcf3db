package call_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/call/calltest"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/signal/memory"
)

// TestALostPathAndASlowRelay: the path is lost for a moment, and a description and its answer take longer by the relay than
// the callee waits before it starts ICE anew itself. The caller's restart has its time, and the call goes on; else each side
// threw away what the other's restart had begun, until both gave up.
// Mutation: the machine's take without inRestarted.
func TestALostPathAndASlowRelay(t *testing.T) {
	for _, oneWay := range []time.Duration{200 * time.Millisecond, 1100 * time.Millisecond, 1500 * time.Millisecond} {
		for _, who := range []string{"1.2.3.4", "1.2.3.5"} {
			synctest.Test(t, func(t *testing.T) {
				n := calltest.New(t, calltest.Options{OneWay: 20 * time.Millisecond, Faults: memory.Faults{Delay: oneWay}})
				p := connect(t, n, call.Media{Send: []media.Source{camera(90000)}}, call.Media{Send: []media.Source{camera(90000)}})
				time.Sleep(5 * time.Second)
				n.World.Cut(who)
				until[call.Reconnecting](t, p.alice, "Alice notices")
				until[call.Reconnecting](t, p.bob, "Bob notices")
				n.World.Heal(who)
				start := time.Now()
				until[call.Connected](t, p.alice, "Alice is back")
				until[call.Connected](t, p.bob, "Bob is back")
				if took := time.Since(start); took > 3*oneWay+2*time.Second {
					t.Errorf("%v by the relay: back after %v", oneWay, took)
				}
				flows(t, p.fromAlice, media.Video, true)
				flows(t, p.fromBob, media.Video, true)
				p.hangup(t)
			})
		}
	}
}
