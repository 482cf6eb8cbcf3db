package websocket

import (
	"net"
	"net/netip"
	"sync"
)

// spare is how many TCP connections there may be for each that may become a WebSocket. One that ends overlaps with the next,
// and a client that is refused is told so by HTTP, which takes a connection.
const spare = 2

// listener accepts within limits, before TLS: a connection costs memory before anything is said on it.
type listener struct {
	net.Listener
	guard *guard
}

// Accept returns the next connection that is within the limits.
func (l *listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		ip := hostIP(c.RemoteAddr().String())
		if l.guard.accept(ip) {
			return &counted{Conn: c, gone: sync.OnceFunc(func() { l.guard.gone(ip) })}, nil
		}
		c.Close()
	}
}

// counted is a connection that gives its place back when it is closed.
type counted struct {
	net.Conn
	gone func()
}

func (c *counted) Close() error {
	defer c.gone()
	return c.Conn.Close()
}

// accept takes a place for one TCP connection.
func (g *guard) accept(ip netip.Addr) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.sockets.Take(ip)
}

func (g *guard) gone(ip netip.Addr) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.sockets.Give(ip)
}
