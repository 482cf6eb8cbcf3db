package media

import (
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"time"
)

// A stallingProxy passes TCP on until it stalls: then it reads no more and closes nothing, as a network that is gone.
type stallingProxy struct {
	net.Listener
	to      string
	stalled chan struct{}
	over    chan struct{}

	mu    sync.Mutex
	conns []net.Conn
	work  sync.WaitGroup
}

func newStallingProxy(t *testing.T, to string) *stallingProxy {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	check(t, err)
	p := &stallingProxy{Listener: l, to: to, stalled: make(chan struct{}), over: make(chan struct{})}
	p.work.Go(p.run)
	t.Cleanup(func() {
		close(p.over)
		_ = l.Close()
		p.mu.Lock()
		for _, c := range p.conns {
			_ = c.Close()
		}
		p.mu.Unlock()
		p.work.Wait()
	})
	return p
}

func (p *stallingProxy) run() {
	for {
		in, err := p.Accept()
		if err != nil {
			return
		}
		_ = in.(*net.TCPConn).SetReadBuffer(4096)
		out, err := net.Dial("tcp4", p.to)
		if err != nil {
			_ = in.Close()
			continue
		}
		p.mu.Lock()
		p.conns = append(p.conns, in, out)
		p.mu.Unlock()
		p.work.Go(func() { p.pass(in, out) })
		p.work.Go(func() { p.pass(out, in) })
	}
}

func (p *stallingProxy) pass(from io.Reader, to io.Writer) {
	b := make([]byte, 2048)
	for {
		n, err := from.Read(b)
		if err != nil {
			return
		}
		select {
		case <-p.stalled:
			<-p.over
			return
		default:
		}
		if _, err := to.Write(b[:n]); err != nil {
			return
		}
	}
}

// TestStalledTCPRelay: a path over TCP that dies in silence, with so much under way that the system takes no more, is found
// dead as any other, and a close does not wait for it. The mutation that makes it fail: leave DialTCP out of
// roomy.
func TestStalledTCPRelay(t *testing.T) {
	relay := tcpRelay(t)
	proxy := newStallingProxy(t, relay)
	settings := func(address string) Settings {
		return Settings{RelayOnly: true, Loopback: true, ICEServers: []ICEServer{{
			URLs: []string{"turn:" + address + "?transport=tcp"}, Username: "u", Credential: "p",
		}}}
	}
	p := newPair(t, settings(proxy.Addr().String()), settings(relay))
	video := newSource(Video, 1<<20, 200_000)
	p.dial(t, []Source{newSource(Audio, 1<<20, 100), video}, nil, both, both)
	p.connected(t)
	p.b.await("a frame", isA[FirstFrame])
	known := len(p.a.seen())
	close(proxy.stalled)
	start := time.Now()
	p.a.await("a disconnected", func(Event) bool { return slices.ContainsFunc(p.a.seen()[known:], isState(ConnDisconnected)) })
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("disconnected after %v", took)
	}
	p.a.close()
}
