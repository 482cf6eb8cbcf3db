package call_test

import (
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/call/calltest"
	"github.com/sotto-calls/sotto/internal/netns"
	"github.com/sotto-calls/sotto/media"
)

// TestRelayOnly: with relay-only on one side, the other side's packets go to the TURN server alone, and the address of the
// one who hides is in no packet that the other one gets. Without it, it is.
// Fails if the worker's config leaves RelayOnly out, or media lets a host candidate through.
func TestRelayOnly(t *testing.T) {
	for _, hides := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			const turnIP = "1.2.3.9"
			alice, bob, server := netip.MustParseAddr("1.2.3.4"), netip.MustParseAddr("1.2.3.5"), netip.MustParseAddr(turnIP)
			w := calltest.NewWorld(t, calltest.Link{OneWay: 20 * time.Millisecond})
			_, turn := w.Relay(turnIP, "alice", "secret of alice")
			n := calltest.New(t, calltest.Options{World: w, Configure: func(name string, c *call.Config) {
				if name == "alice" {
					c.Media.RelayOnly = hides
					c.Media.ICEServers = []media.ICEServer{{URLs: []string{turn}, Username: "alice", Credential: "secret of alice"}}
				}
			}})
			var mu sync.Mutex
			toBob := map[netip.Addr]int{}
			var leaks []netns.Hit
			n.World.Tap(func(p calltest.Packet) {
				mu.Lock()
				defer mu.Unlock()
				from, to := netip.MustParseAddrPort(p.From), netip.MustParseAddrPort(p.To)
				if to.Addr() == bob {
					toBob[from.Addr()]++
					leaks = append(leaks, netns.SearchAddress([]netns.Text{{Protocol: 17, From: from, To: to, Bytes: p.Data}}, alice)...)
				}
			})
			p := connect(t, n, call.Media{Send: []media.Source{camera(9000)}}, call.Media{Send: []media.Source{camera(9000)}})
			flows(t, p.fromAlice, media.Video, true)
			flows(t, p.fromBob, media.Video, true)
			p.hangup(t)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case !hides && len(leaks) == 0:
				t.Errorf("the address is nowhere though nobody hides it: the search proves nothing; packets to Bob by sender: %v", toBob)
			case hides && len(leaks) > 0:
				t.Errorf("packets to Bob by sender: %v; with Alice's address: %d, the first %v", toBob, len(leaks), leaks[0])
			case hides && toBob[server] == 0:
				t.Errorf("nothing came by the TURN server: %v", toBob)
			}
		})
	}
}

// TestStrangersGetRelayCandidatesAlone: who is no contact does not learn our address, unless that was chosen.
func TestStrangersGetRelayCandidatesAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := calltest.New(t, calltest.Options{Configure: func(name string, c *call.Config) {
			if name == "bob" {
				c.Contacts, c.OpenMailbox = nil, true
				c.Admit = call.InsecureAnyone(call.Limits{})
			}
		}})
		c, err := n.Alice.Client.Dial(t.Context(), n.Alice.Peer, call.Media{Receive: newTape().track})
		if err != nil {
			t.Fatal(err)
		}
		in, err := n.Bob.Client.Accept(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if in.Caller().Claimed != "alice" || in.Caller().Contact() {
			t.Errorf("caller %+v", in.Caller())
		}
		b, err := in.Answer(t.Context(), call.Media{Receive: newTape().track})
		if err != nil {
			t.Fatal(err)
		}
		if end := until[call.Ended](t, b, "no TURN server, so no call"); end.Reason != call.MediaFailed {
			t.Errorf("end %v", end)
		}
		until[call.Ended](t, c, "Alice hears of it")
	})
}
