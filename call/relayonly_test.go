package call_test

import (
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/call/calltest"
	"github.com/sotto-calls/sotto/media"
)

// TestRelayOnly: with relay-only on one side, the other side's packets go to the TURN server alone, and the address of the
// one who hides is in no packet that the other one gets.
// Fails if the worker's config leaves RelayOnly out, or media lets a host candidate through.
func TestRelayOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const aliceIP, bobIP, turnIP = "1.2.3.4", "1.2.3.5", "1.2.3.9"
		w := calltest.NewWorld(t, calltest.Link{OneWay: 20 * time.Millisecond})
		_, turn := w.Relay(turnIP, "alice", "secret of alice")
		n := calltest.New(t, calltest.Options{World: w, Configure: func(name string, c *call.Config) {
			if name == "alice" {
				c.Media.RelayOnly = true
				c.Media.ICEServers = []media.ICEServer{{URLs: []string{turn}, Username: "alice", Credential: "secret of alice"}}
			}
		}})
		var mu sync.Mutex
		toBob := map[string]int{}
		leaked := 0
		n.World.Tap(func(p calltest.Packet) {
			mu.Lock()
			defer mu.Unlock()
			if host, _, _ := net.SplitHostPort(p.To); host == bobIP {
				from, _, _ := net.SplitHostPort(p.From)
				toBob[from]++
				if strings.Contains(string(p.Data), aliceIP) || strings.Contains(string(p.Data), string(net.ParseIP(aliceIP).To4())) {
					leaked++
				}
			}
		})
		p := connect(t, n, call.Media{Send: []media.Source{camera(9000)}}, call.Media{Send: []media.Source{camera(9000)}})
		flows(t, p.fromAlice, media.Video, true)
		flows(t, p.fromBob, media.Video, true)
		p.hangup(t)
		mu.Lock()
		defer mu.Unlock()
		if toBob[aliceIP] > 0 || leaked > 0 {
			t.Errorf("packets to Bob by sender: %v; with Alice's address inside: %d", toBob, leaked)
		}
		if toBob[turnIP] == 0 {
			t.Errorf("nothing came by the TURN server: %v", toBob)
		}
	})
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
