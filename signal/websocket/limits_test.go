package websocket

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/internal/store"
	"github.com/sotto-calls/sotto/signal/signaltest"
)

func TestConnectionLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWires()
		relay := w.start(t, RelayConfig{Limits: Limits{PerIP: 3}})
		defer relay.Close()
		var open []*Transport
		for range 3 {
			open = append(open, w.dial(t, nil))
		}
		if _, err := Dial(t.Context(), origin, nil, WithHTTPClient(w.client())); !errors.Is(err, signal.ErrUnavailable) || !strings.Contains(err.Error(), "429") {
			t.Errorf("a fourth connection of one IP address: %v", err)
		}
		open[0].Close()
		synctest.Wait()
		open[0] = w.dial(t, nil)
		for _, tr := range open {
			tr.Close()
		}
	})
}

func TestGuard(t *testing.T) {
	now := time.Unix(0, 0)
	g := newGuard(Limits{Connections: 5, PerIP: 3, FrameBurst: 100, FrameRate: 10}, false)
	a, b := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	for i, want := range []bool{true, true, true, false} {
		if got := g.open(now, a); got != want {
			t.Errorf("connection %d of one address: %t", i, got)
		}
	}
	for i, want := range []bool{true, true, false} {
		if got := g.open(now, b); got != want {
			t.Errorf("connection %d of another, five in all: %t", i, got)
		}
	}
	if !g.frame(now, a, 70) || g.frame(now, a, 1) {
		t.Error("a burst of 100, of which three connections took 30")
	}
	if now = now.Add(time.Second); !g.frame(now, a, 10) || g.frame(now, a, 1) {
		t.Error("ten a second")
	}
	for range 3 {
		g.close(a)
	}
	g.sweep(now)
	if len(g.buckets) != 2 {
		t.Error("an address was forgotten with its bucket in use: reconnecting would refill it")
	}
	g.sweep(now.Add(10 * time.Second))
	if len(g.buckets) != 0 {
		t.Errorf("%d addresses are remembered without need", len(g.buckets))
	}
}

// Who has a /48 has 65,536 networks of the size that one host has. It fails when perip counts by /64 alone.
func TestOneSiteIsLimited(t *testing.T) {
	now := time.Unix(0, 0)
	g := newGuard(Limits{Connections: 1000, PerIP: 2, FrameBurst: 100, FrameRate: 10}, false)
	clients, connections, frames := 0, 0, 0.0
	ip := netip.MustParseAddr("2001:db8::1").As16()
	for i := range 50 {
		ip[7] = byte(i)
		if g.open(now, netip.AddrFrom16(ip)) {
			clients++
		}
		if g.accept(netip.AddrFrom16(ip)) {
			connections++
		}
		if g.frame(now, netip.AddrFrom16(ip), 50) {
			frames += 50
		}
	}
	if clients > 8 || connections > 16 || frames > 400 {
		t.Errorf("one /48 has %d clients, %d connections and %v frames", clients, connections, frames)
	}
	if !g.open(now, netip.MustParseAddr("2001:db8:1::1")) {
		t.Error("another /48 found no place")
	}
}

// Connections of one IP address on which nothing is said, or nothing but requests, cannot use up descriptors and memory:
// there are twice as many as clients, for ten seconds, and none outlives its request. It fails without the listener.
func TestAttackSilentConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWires()
		relay := w.start(t, RelayConfig{Limits: Limits{PerIP: 3}})
		defer relay.Close()
		w.silentConnections(t, 20)
		if n := sockets(relay); n != 6 {
			t.Errorf("%d silent connections, want 6", n)
		}
		time.Sleep(11 * time.Second)
		if n := sockets(relay); n != 0 {
			t.Errorf("%d silent connections after 11 seconds", n)
		}
		asker := w.client()
		for range 20 {
			r, err := asker.Get("https://relay.example/healthz")
			if err != nil {
				t.Fatal(err)
			}
			io.Copy(io.Discard, r.Body)
			r.Body.Close()
			synctest.Wait()
			if n := sockets(relay); n != 0 {
				t.Fatalf("%d connections outlive their request", n)
			}
		}
	})
}

// Behind a proxy all connections are of one address: the limit of each is the proxy's business, that of all is not.
func TestProxyIsNoVisitor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWires()
		relay := w.start(t, RelayConfig{
			Limits:   Limits{PerIP: 1, Connections: 10},
			ClientIP: func(*http.Request) netip.Addr { return netip.Addr{} },
		})
		defer relay.Close()
		w.silentConnections(t, 50)
		if n := sockets(relay); n != 20 {
			t.Errorf("%d connections, want 20", n)
		}
	})
}

func sockets(r *Relay) int {
	r.guard.mu.Lock()
	defer r.guard.mu.Unlock()
	return r.guard.sockets.Total()
}

// silentConnections opens that many connections and says nothing on them.
func (w *wires) silentConnections(t *testing.T, n int) {
	for range n {
		a, b := w.link()
		w.accepted <- b
		t.Cleanup(func() { a.Close() })
	}
	synctest.Wait()
}

// Pitfall 23: unbounded buffering before authentication. A message over the limit ends the connection before it is
// buffered, before the handshake and after. It fails without SetReadLimit.
func TestPitfall23HugeMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWires()
		relay := w.start(t, RelayConfig{})
		defer relay.Close()
		for name, prepare := range map[string]func(*raw){
			"before the handshake": func(*raw) {},
			"after":                func(r *raw) { r.challenge(); r.write(&helloFrame{Version: version}); r.read() },
		} {
			c := w.raw(t)
			prepare(c)
			go c.ws.Write(t.Context(), websocket.MessageBinary, make([]byte, 64<<20))
			c.wantClosed(websocket.StatusMessageTooBig, name)
			c.ws.CloseNow()
		}
	})
}

func TestMalformedFramesEndTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWires()
		relay := w.start(t, RelayConfig{})
		defer relay.Close()
		for name, b := range map[string][]byte{
			"an unknown kind":    {0x99},
			"what a relay sends": encode(&deliverFrame{ID: fill(16, 1), Token: fill(16, 1), Body: fill(1, 1)}),
			"no CBOR":            {kindSend, 0xff},
			"nothing":            {},
		} {
			c := w.raw(t)
			c.challenge()
			c.write(&helloFrame{Version: version})
			c.read()
			if err := c.ws.Write(t.Context(), websocket.MessageBinary, b); err != nil {
				t.Fatal(err)
			}
			c.wantClosed(websocket.StatusProtocolError, name)
		}
		c := w.raw(t)
		c.challenge()
		if err := c.ws.Write(t.Context(), websocket.MessageText, encode(&helloFrame{Version: version})); err != nil {
			t.Fatal(err)
		}
		c.wantClosed(websocket.StatusProtocolError, "text")
	})
}

func TestTokenQuota(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWires()
		relay := w.start(t, RelayConfig{Limits: Limits{TokenBurst: 5, TokenRate: 1}})
		defer relay.Close()
		bob, alice := w.owner(t), w.dial(t, nil)
		defer bob.Close()
		defer alice.Close()
		for range 5 {
			send(t, alice, bob.packet("x"))
		}
		if err := alice.Send(t.Context(), bob.packet("x")); !errors.Is(err, signal.ErrThrottled) {
			t.Errorf("over the quota: %v", err)
		}
		other := bob.packet("x")
		other.Token = signaltest.NewToken()
		send(t, alice, other)
		time.Sleep(time.Second)
		send(t, alice, bob.packet("x"))
	})
}

// A client over its rate of frames: its packets are refused, everything else ends the connection.
func TestFrameRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWires()
		relay := w.start(t, RelayConfig{Limits: Limits{FrameBurst: 60, FrameRate: 1}})
		defer relay.Close()
		bob, flood := w.owner(t), w.raw(t)
		defer bob.Close()
		flood.challenge()
		flood.write(&helloFrame{Version: version})
		flood.read()
		taken := 0
		for i := range 100 {
			flood.write(&sendFrame{N: uint64(i), ID: fill(16, byte(i)), To: bob.to[:], Token: bob.token[:], Body: fill(1, 1)})
			if flood.read().(*resultFrame).Code == codeTaken {
				taken++
			}
		}
		if taken < 30 || taken > 60 {
			t.Errorf("%d of 100 packets were taken at a burst of 60", taken)
		}
		go func() {
			for range 100 { // four of them count as one frame
				if writeFrame(t.Context(), flood.ws, &ackFrame{ID: fill(16, 1)}, time.Second) != nil {
					return
				}
			}
		}()
		flood.wantClosed(websocket.StatusPolicyViolation, "other frames over the rate")
	})
}

// A reader that does not read is cut off after the write limit, and what it missed is there when it comes back.
func TestSlowReaderIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWires()
		relay := w.start(t, RelayConfig{})
		defer relay.Close()
		bob, alice := w.owner(t), w.dial(t, nil)
		defer alice.Close()
		bob.Close()
		slow := w.stalled(t, bob.mailbox)
		defer slow.Close()
		for range 4 {
			send(t, alice, bob.packet(strings.Repeat("x", 30_000)))
		}
		time.Sleep(11 * time.Second)
		if n := relay.counts.slow.Load(); n != 1 {
			t.Errorf("%d slow clients counted", n)
		}
		if n := relay.guard.connections(); n != 1 {
			t.Errorf("%d connections, want the sender's alone", n)
		}
		again := w.dial(t, bob.mailbox)
		defer again.Close()
		for range 4 {
			want(t, again, strings.Repeat("x", 30_000))
		}
	})
}

func TestWindowHoldsBackTheRelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWires()
		relay := w.start(t, RelayConfig{})
		defer relay.Close()
		bob, alice := w.owner(t), w.dial(t, nil)
		defer bob.Close()
		defer alice.Close()
		for range 200 {
			send(t, alice, bob.packet("x"))
		}
		synctest.Wait()
		if n := bob.in.waiting.Len(); n != 64 {
			t.Errorf("%d packets wait at the client, want a window of 64", n)
		}
		for range 200 {
			want(t, bob, "x")
		}
	})
}

// A hostile relay cannot make a client hold what it likes.
func TestInboxIsBounded(t *testing.T) {
	in := newInbox(func(store.ID) {})
	var failed error
	n := 0
	for ; failed == nil && n < 10*maxSeen; n++ {
		var id store.ID
		id[0], id[1] = byte(n), byte(n>>8)
		failed = in.put(time.Now(), id, signal.Packet{Body: []byte{1}})
	}
	if failed == nil || n != maxWaiting+1 {
		t.Errorf("%d deliveries were taken: %v", n, failed)
	}
}

func TestShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWires()
		relay := w.start(t, RelayConfig{})
		bob := w.owner(t)
		defer bob.Close()
		polite := w.raw(t)
		polite.challenge()
		polite.write(&helloFrame{Version: version})
		polite.read()
		gone := make(chan struct{})
		go func() { polite.wantClosed(websocket.StatusGoingAway, "Shutdown"); close(gone) }()
		synctest.Wait()
		w.set(false)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := relay.Shutdown(ctx); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		<-gone
		if err := relay.Close(); err != nil {
			t.Errorf("Close after Shutdown: %v", err)
		}
		rec := httptest.NewRecorder()
		relay.ServeHTTP(rec, httptest.NewRequest("GET", "/healthz", nil))
		if rec.Code != http.StatusServiceUnavailable {
			t.Errorf("/healthz after Shutdown: %d", rec.Code)
		}
	})
}

// A client that does not answer the close holds Shutdown up until its context ends, no longer.
func TestShutdownHasADeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWires()
		relay := w.start(t, RelayConfig{})
		m := signaltest.NewMailbox()
		slow := w.stalled(t, m)
		defer slow.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if err := relay.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Shutdown: %v", err)
		}
		if d := time.Since(start); d > 6*time.Second {
			t.Errorf("Shutdown took %v", d)
		}
	})
}

func TestHealthAndMetrics(t *testing.T) {
	open, err := NewRelay(RelayConfig{Origins: []string{origin}})
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	secret, err := NewRelay(RelayConfig{Origins: []string{origin}, MetricsToken: "s3cret"})
	if err != nil {
		t.Fatal(err)
	}
	defer secret.Close()
	for _, tt := range []struct {
		relay              *Relay
		path, from, header string
		want               int
	}{
		{open, "/healthz", "192.0.2.1:1", "", 200},
		{open, "/metrics", "127.0.0.1:1", "", 200},
		{open, "/metrics", "[::1]:1", "", 200},
		{open, "/metrics", "192.0.2.1:1", "", 404},
		{open, "/metrics", "127.0.0.1:1", "X-Forwarded-For: 192.0.2.1", 404},
		{secret, "/metrics", "127.0.0.1:1", "", 404},
		{secret, "/metrics", "192.0.2.1:1", "Authorization: Bearer s3cret", 200},
		{secret, "/metrics", "192.0.2.1:1", "Authorization: Bearer other", 404},
		{open, "/v1", "192.0.2.1:1", "", 426},
	} {
		q := httptest.NewRequest("GET", tt.path, nil)
		q.RemoteAddr = tt.from
		if k, v, ok := strings.Cut(tt.header, ": "); ok {
			q.Header.Set(k, v)
		}
		rec := httptest.NewRecorder()
		tt.relay.ServeHTTP(rec, q)
		if rec.Code != tt.want {
			t.Errorf("%s from %s with %q: %d, want %d", tt.path, tt.from, tt.header, rec.Code, tt.want)
		}
	}
}

func TestConfigIsChecked(t *testing.T) {
	_, err := NewRelay(RelayConfig{ICE: ICE{STUN: []string{"http://a"}, TURN: []string{"turn:a"}, Secret: []byte("short")}})
	for _, want := range []string{"Origins is required", "shorter than 16", "ICE URLs"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
}
