package call_test

import (
	"net"
	"os"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/transport/v4"
	"github.com/pion/transport/v4/stdnet"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/call/calltest"
	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/websocket"
)

// A cable is the machine's network, on which sent packets can be made to vanish.
type cable struct {
	*stdnet.Net
	broken atomic.Bool
}

func (c *cable) ListenUDP(network string, at *net.UDPAddr) (transport.UDPConn, error) {
	u, err := c.Net.ListenUDP(network, at)
	return plug{u, c}, err
}

type plug struct {
	transport.UDPConn
	cable *cable
}

func (p plug) WriteTo(b []byte, to net.Addr) (int, error) {
	if p.cable.broken.Load() {
		return len(b), nil
	}
	return p.UDPConn.WriteTo(b, to)
}

// used is what the process holds.
type used struct{ goroutines, files int }

func usedNow() used {
	u := used{goroutines: runtime.NumGoroutine()}
	if entries, err := os.ReadDir("/proc/self/fd"); err == nil { // elsewhere files are not counted
		u.files = len(entries)
	}
	return u
}

// settles waits until no more is held than before.
func (u used) settles(t *testing.T, after string) {
	t.Helper()
	limit, tick := time.After(10*time.Second), time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for now := usedNow(); now.goroutines > u.goroutines || now.files > u.files; now = usedNow() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("%s: %d goroutines and %d files are left, %d and %d before\n%s", after, now.goroutines, now.files, u.goroutines, u.files, stacks())
		}
	}
}

// onSockets is a pair of clients on the loopback interface, with a relay in between that speaks WebSocket.
func onSockets(t *testing.T) (*calltest.Net, *cable) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	url := "ws://" + l.Addr().String()
	relay, err := websocket.NewRelay(websocket.RelayConfig{Origins: []string{url}})
	check(t, err)
	go func() { _ = relay.Serve(l, nil) }()
	t.Cleanup(func() { relay.Close() })
	std, err := stdnet.NewNet()
	check(t, err)
	wire := &cable{Net: std}
	return calltest.New(t, calltest.Options{Configure: func(_ string, c *call.Config) {
		c.Transports[0].Close()
		w, err := websocket.Dial(t.Context(), url, c.Identity.Mailbox())
		check(t, err)
		check(t, w.Admit(t.Context(), c.Contacts.TokenHashes(), false)) // the connection is up
		c.Transports = []signal.Transport{w}
		c.Admit = call.ContactsOnly(c.Contacts, call.Limits{Rings: -1})
		c.Media.Net, c.Media.Loopback = wire, true
	}}), wire
}

// TestNothingIsLeftOnSockets: while both clients go on, each call that ends gives back its goroutines, its sockets and its
// connections to the relay, and the relay what it had for them; at Close the rest goes. Each scene has one end, or
// with SOTTO_LONG=1 all of them. The mutation that makes it fail: leave out closeMail or closeMedia in finish.go.
func TestNothingIsLeftOnSockets(t *testing.T) {
	var start used
	t.Run("once", func(t *testing.T) { aCallOnSockets(t) }) // the runtime opens what it keeps
	start = usedNow()
	t.Run("scenes", func(t *testing.T) {
		n, wire := onSockets(t)
		waiting := usedNow()
		for j, at := range scenes {
			if at.name == "glare" {
				continue // the other Invite rings on for a minute
			}
			for i, end := range ends[:3] {
				if i != j%3 && os.Getenv("SOTTO_LONG") == "" {
					continue
				}
				s := &scene{Net: n, wait: 3 * time.Millisecond, cut: func() { wire.broken.Store(true) }}
				at.reach(t, s, i%at.parts)
				end.take(t.Context(), s)
				wire.broken.Store(false)
				s.over(t)
				waiting.settles(t, at.name+", "+end.name)
			}
		}
	})
	start.settles(t, "Close")
}

func aCallOnSockets(t *testing.T) {
	n, _ := onSockets(t)
	s := &scene{Net: n}
	s.connect(t)
	check(t, s.alice.Hangup(t.Context(), call.Left))
	s.over(t)
}
