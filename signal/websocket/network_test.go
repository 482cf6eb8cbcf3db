package websocket

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/sotto-calls/sotto/internal/queue"
	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/signaltest"
)

// origin is the relay's in tests over pipes.
const origin = "wss://relay.example"

// wires is a network in memory with one server, for synctest bubbles. It hands connections to whoever listens.
type wires struct {
	accepted chan net.Conn

	mu    sync.Mutex
	up    bool
	mute  bool // nothing gets through, and nobody is told
	conns []net.Conn
	dials int
}

func newWires() *wires { return &wires{accepted: make(chan net.Conn), up: true} }

// client is an HTTP client over the wires. Its TLS ends in the wire: there is nobody in between here.
func (w *wires) client() *http.Client {
	return &http.Client{Transport: &http.Transport{DialTLSContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		w.mu.Lock()
		w.dials++
		up := w.up
		w.mu.Unlock()
		if !up {
			return nil, errors.New("connection refused")
		}
		a, b := w.link()
		select {
		case w.accepted <- b:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.conns = append(w.conns, a, b)
		return a, nil
	}}}
}

// link is a connection that buffers, as TCP does: with net.Pipe alone two pings that cross block each other for ever.
func (w *wires) link() (a, b net.Conn) {
	a, inner := net.Pipe()
	outer, b := net.Pipe()
	w.pump(inner, outer)
	w.pump(outer, inner)
	return a, b
}

func (w *wires) pump(from, to net.Conn) {
	q := queue.New[[]byte]()
	go func() {
		defer from.Close()
		defer q.Put(nil)
		for {
			b := make([]byte, 32<<10)
			n, err := from.Read(b)
			if err != nil {
				return
			}
			q.Put(b[:n])
		}
	}()
	go func() {
		defer to.Close()
		for {
			b, err := q.Get(context.Background())
			if err != nil || b == nil {
				return
			}
			if w.silent() {
				continue
			}
			if _, err := to.Write(b); err != nil {
				return
			}
		}
	}()
}

// cut breaks all connections.
func (w *wires) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.conns {
		c.Close()
	}
	w.conns = nil
}

func (w *wires) set(up bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.up = up
}

func (w *wires) setMute(mute bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mute = mute
}

func (w *wires) silent() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.mute
}

// attempts returns how often a client has dialled.
func (w *wires) attempts() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.dials
}

// listen is a listener on the wires.
func (w *wires) listen() net.Listener { return &wireListener{w: w, done: make(chan struct{})} }

type wireListener struct {
	w    *wires
	once sync.Once
	done chan struct{}
}

func (l *wireListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.w.accepted:
		return wireConn{c}, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *wireListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *wireListener) Addr() net.Addr { return wireAddr{} }

type wireConn struct{ net.Conn }

func (wireConn) RemoteAddr() net.Addr { return wireAddr{} }

type wireAddr struct{}

func (wireAddr) Network() string { return "tcp" }
func (wireAddr) String() string  { return "192.0.2.7:1234" }

// start runs a relay on the wires.
func (w *wires) start(t *testing.T, c RelayConfig) *Relay {
	t.Helper()
	c.Origins = append(c.Origins, origin)
	r, err := NewRelay(c)
	if err != nil {
		t.Fatal(err)
	}
	go r.Serve(w.listen(), nil)
	return r
}

func (w *wires) dial(t *testing.T, m signal.Mailbox, opts ...Option) *Transport {
	t.Helper()
	tr, err := Dial(t.Context(), origin, m, append([]Option{WithHTTPClient(w.client())}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// party is an owner of a mailbox with one admitted token.
type party struct {
	*Transport
	to    signal.Address
	token signal.Token
}

func (w *wires) owner(t *testing.T, opts ...Option) *party {
	t.Helper()
	m := signaltest.NewMailbox()
	p := &party{Transport: w.dial(t, m, opts...), to: m.Address(), token: signaltest.NewToken()}
	if err := p.Admit(t.Context(), [][32]byte{p.token.Hash()}, false); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *party) packet(body string) signal.Packet {
	return signal.Packet{To: p.to, Token: p.token, Body: []byte(body)}
}

func send(t *testing.T, tr signal.Transport, p signal.Packet) {
	t.Helper()
	if err := tr.Send(t.Context(), p); err != nil {
		t.Fatal(err)
	}
}

func want(t *testing.T, tr signal.Transport, body string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	p, err := tr.Receive(ctx)
	if err != nil || string(p.Body) != body {
		t.Fatalf("received %q, %v; want %q", p.Body, err, body)
	}
}

// wantIdle checks that nothing arrives in a second.
func wantIdle(t *testing.T, tr signal.Transport, why string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if p, err := tr.Receive(ctx); err == nil {
		t.Fatalf("%q arrived: %s", p.Body, why)
	}
}

// stalled connects a mailbox by a client that stops reading once it is attached.
func (w *wires) stalled(t *testing.T, m signal.Mailbox) net.Conn {
	t.Helper()
	r := &raw{t: t}
	var conn net.Conn
	client := &http.Client{Transport: &http.Transport{DialTLSContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		a, b := net.Pipe()
		conn = a
		select {
		case w.accepted <- b:
			return a, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}}}
	var err error
	if r.ws, _, err = websocket.Dial(t.Context(), origin+"/v1", &websocket.DialOptions{HTTPClient: client, Subprotocols: []string{subprotocol}}); err != nil {
		t.Fatal(err)
	}
	r.write(helloOf(m, m.Answer("wss://relay.example:443", r.challenge())))
	r.read()
	return conn
}
