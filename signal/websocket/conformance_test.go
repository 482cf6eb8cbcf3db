package websocket

import (
	"context"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/signaltest"
)

// onLoopback runs a relay on a real socket and returns its URL. After the test no goroutine may be left.
func onLoopback(t *testing.T, c RelayConfig) (*Relay, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "ws://" + l.Addr().String()
	c.Origins = append(c.Origins, url)
	r, err := NewRelay(c)
	if err != nil {
		t.Fatal(err)
	}
	go r.Serve(l, nil)
	t.Cleanup(func() {
		r.Close()
		noGoroutines(t)
	})
	return r, url
}

// noGoroutines fails if a goroutine of a client or a relay outlives its Close.
func noGoroutines(t *testing.T) {
	t.Helper()
	deadline := time.After(5 * time.Second)
	for {
		buf := make([]byte, 1<<20)
		all := string(buf[:runtime.Stack(buf, true)])
		left := strings.Count(all, "websocket.(*Transport)") + strings.Count(all, "websocket.(*serverConn)") + strings.Count(all, "websocket.(*Relay)")
		if left == 0 {
			return
		}
		select {
		case <-deadline:
			t.Errorf("goroutines are left:\n%s", all)
			return
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func TestConformance(t *testing.T) {
	signaltest.Run(t, func(t *testing.T) signaltest.Dial {
		_, url := onLoopback(t, RelayConfig{ICE: ICE{STUN: []string{"stun:a"}, TURN: []string{"turn:a"}, Secret: fill(16, 1)}})
		return dialer(url)
	})
}

func dialer(url string) signaltest.Dial {
	return func(ctx context.Context, m signal.Mailbox) (signal.Transport, error) { return Dial(ctx, url, m) }
}

// The whole suite over connections that are cut all the time: nothing is lost and the order holds.
func TestConformanceOverBreakingConnections(t *testing.T) {
	for _, c := range []struct {
		name  string
		least int64 // bytes that a connection carries
		cuts  int64 // at least
	}{
		{"in and after the handshake", 512, 100},
		{"among packets", 8 << 10, 30},
	} {
		t.Run(c.name, func(t *testing.T) {
			cuts := int64(0)
			signaltest.Run(t, func(t *testing.T) signaltest.Dial {
				p := newProxy(t, growing(c.least))
				t.Cleanup(func() { cuts += p.cuts.Load() })
				// The client dials the proxy, so that is the origin that it signs.
				_, url := onLoopback(t, RelayConfig{Origins: []string{p.url()}, Limits: Limits{FrameRate: 1e6, FrameBurst: 1e6}})
				p.target = strings.TrimPrefix(url, "ws://")
				p.start()
				return func(ctx context.Context, m signal.Mailbox) (signal.Transport, error) {
					tr, err := dialPatiently(ctx, p.url(), m)
					if err != nil {
						return nil, err
					}
					return patient{tr}, nil
				}
			})
			if cuts < c.cuts {
				t.Errorf("%d connections were cut, want %d: the test proves nothing", cuts, c.cuts)
			}
			t.Logf("%d cut connections", cuts)
		})
	}
}

// growing is how much a proxy carries: twice as much after every eight cuts. What a client must write again on each
// connection may be long; so it fits at last, on slow machines too.
func growing(least int64) func(cuts int64) int64 {
	return func(cuts int64) int64 {
		n := least << min(cuts/8, 12)
		return n + rand.Int64N(n)
	}
}

// dialPatiently tries again: the first connection may be cut in its handshake.
func dialPatiently(ctx context.Context, url string, m signal.Mailbox) (*Transport, error) {
	return patiently(ctx, func() (*Transport, error) { return Dial(ctx, url, m, quick) })
}

// patient opens further transports as patiently as it was dialled.
type patient struct{ *Transport }

func (p patient) Open(ctx context.Context, relay string, m signal.Mailbox) (signal.Transport, error) {
	return patiently(ctx, func() (signal.Transport, error) { return p.Transport.Open(ctx, relay, m) })
}

func patiently[T signal.Transport](ctx context.Context, connect func() (T, error)) (T, error) {
	for {
		t, err := connect()
		if err == nil || ctx.Err() != nil {
			return t, err
		}
	}
}

func quick(o *options) { o.backoff = backoff{first: time.Millisecond, limit: 2 * time.Millisecond} }

// proxy is a TCP proxy that cuts each connection after some bytes, in the middle of whatever is under way.
type proxy struct {
	listener net.Listener
	target   string
	carries  func(cuts int64) int64 // bytes of a new connection, both ways together, after so many cuts
	cuts     atomic.Int64
	running  sync.WaitGroup
}

func newProxy(t *testing.T, carries func(cuts int64) int64) *proxy {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: l, carries: carries}
	t.Cleanup(func() {
		l.Close()
		p.running.Wait()
	})
	return p
}

func (p *proxy) url() string { return "ws://" + p.listener.Addr().String() }

func (p *proxy) start() {
	p.running.Go(func() {
		for {
			in, err := p.listener.Accept()
			if err != nil {
				return
			}
			p.running.Go(func() { p.carry(in) })
		}
	})
}

func (p *proxy) carry(in net.Conn) {
	defer in.Close()
	out, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer out.Close()
	var left atomic.Int64
	left.Store(p.carries(p.cuts.Load()))
	cut := sync.OnceFunc(func() {
		p.cuts.Add(1)
		in.(*net.TCPConn).SetLinger(0) // a reset: what is in the buffers is lost
		in.Close()
		out.Close()
	})
	var both sync.WaitGroup
	both.Go(func() { io.Copy(meter{in, &left, cut}, out); in.Close() })
	both.Go(func() { io.Copy(meter{out, &left, cut}, in); out.Close() })
	both.Wait()
}

// meter passes on what a connection may still carry, and then cuts it.
type meter struct {
	to   io.Writer
	left *atomic.Int64
	cut  func()
}

func (m meter) Write(b []byte) (int, error) {
	over := -m.left.Add(-int64(len(b)))
	if over < 0 {
		return m.to.Write(b)
	}
	m.to.Write(b[:max(0, int64(len(b))-over)])
	m.cut()
	return 0, net.ErrClosed
}

// Two thousand packets over connections that are reset all the time: each arrives, in order, and once. It fails when the
// receiver does not look at ids. (That the relay does, its store's tests say.)
func TestNothingIsLostOrDoubledOverBreakingConnections(t *testing.T) {
	// More than a handshake and a window of packets, so that each connection brings some of them further.
	p := newProxy(t, func(int64) int64 { return 6<<10 + rand.Int64N(6<<10) })
	_, url := onLoopback(t, RelayConfig{Origins: []string{p.url()}, Limits: Limits{
		FrameRate: 1e6, FrameBurst: 1e6, TokenBurst: 1e6, MailboxLength: 1e6,
	}})
	p.target = strings.TrimPrefix(url, "ws://")
	p.start()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	m, token := signaltest.NewMailbox(), signaltest.NewToken()
	bob, err := dialPatiently(ctx, p.url(), m)
	if err != nil {
		t.Fatal(err)
	}
	defer bob.Close()
	alice, err := dialPatiently(ctx, p.url(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer alice.Close()
	if err := bob.Admit(ctx, [][32]byte{token.Hash()}, false); err != nil {
		t.Fatal(err)
	}
	const n = 2000
	var sending sync.WaitGroup
	sending.Go(func() {
		for i := range n {
			if err := alice.Send(ctx, signal.Packet{To: m.Address(), Token: token, Body: binary.BigEndian.AppendUint32(nil, uint32(i))}); err != nil {
				t.Errorf("packet %d: %v", i, err)
				return
			}
		}
	})
	for i := range n {
		got, err := bob.Receive(ctx)
		if err != nil {
			t.Fatalf("after %d packets: %v", i, err)
		}
		if k := binary.BigEndian.Uint32(got.Body); k != uint32(i) {
			t.Fatalf("packet %d where %d was due", k, i)
		}
	}
	sending.Wait() // the last packet may arrive before the relay's word on it does
	if p.cuts.Load() < 20 {
		t.Errorf("%d connections were cut: the test proves nothing", p.cuts.Load())
	}
	t.Logf("%d packets over %d cut connections", n, p.cuts.Load())
}
