package call_test

import (
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

// TestALostCandidateHeals: in relay-only a side may have one candidate, which goes as a message of its own, and the relay
// loses three packets in a row, wherever they are in the set-up.
// Mutation: let repeatCandidates return at once.
func TestALostCandidateHeals(t *testing.T) {
	for first := range int32(8) {
		synctest.Test(t, func(t *testing.T) {
			const turnIP = "1.2.3.9"
			w := calltest.NewWorld(t, calltest.Link{OneWay: 20 * time.Millisecond})
			_, turn := w.Relay(turnIP, "both", "secret of both")
			var n atomic.Int32
			net := calltest.New(t, calltest.Options{World: w,
				Faults: memory.Faults{Delay: 20 * time.Millisecond, Hook: func(_ signal.Packet, f memory.Fault) memory.Fault {
					i := n.Add(1) - 1
					f.Drop = i >= first && i < first+3
					return f
				}},
				Configure: func(_ string, c *call.Config) {
					c.Media.RelayOnly = true
					c.Media.ICEServers = []media.ICEServer{{URLs: []string{turn}, Username: "both", Credential: "secret of both"}}
				}})
			p := connect(t, net, call.Media{Send: []media.Source{camera(9000)}}, call.Media{Send: []media.Source{camera(9000)}})
			flows(t, p.fromAlice, media.Video, true)
			p.hangup(t)
		})
	}
}
