package calltest

import (
	"bytes"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/sotto-calls/sotto/signal/signaltest"
)

// A MediaTap is a hostile path to a TURN server: a UDP proxy on loopback that keeps all datagrams and does with them what
// a rule says. A client whose only way to others is a TURN server behind it (Settings.RelayOnly) has no packet that it
// does not see. It works with real sockets only, not in a synctest bubble.
type MediaTap struct {
	conn   *net.UDPConn // where clients send to
	server *net.UDPAddr
	wait   sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	clients map[string]*net.UDPConn // to the server, by the client's address
	seen    []Datagram
	rule    func(Datagram) [][]byte
	acts    int
}

// A Datagram is one UDP packet at a MediaTap.
type Datagram struct {
	At       time.Time
	Client   string // the client's host:port
	ToServer bool   // from the client; else to it
	Data     []byte
}

// NewMediaTap starts a proxy to the TURN server at this UDP address.
func NewMediaTap(server string) (*MediaTap, error) {
	to, err := net.ResolveUDPAddr("udp4", server)
	if err != nil {
		return nil, err
	}
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, fmt.Errorf("calltest: a media tap needs a port on loopback: %w", err)
	}
	m := &MediaTap{conn: conn, server: to, clients: map[string]*net.UDPConn{}}
	m.wait.Go(m.fromClients)
	return m, nil
}

// URL is the TURN server as clients are to dial it.
func (m *MediaTap) URL() string { return "turn:" + m.conn.LocalAddr().String() + "?transport=udp" }

// Addr is the proxy's host:port.
func (m *MediaTap) Addr() string { return m.conn.LocalAddr().String() }

// Use sets what becomes of each datagram: what the rule returns is passed on in its place. Nil passes all. It is called
// for one datagram at a time and must not change it.
func (m *MediaTap) Use(rule func(Datagram) [][]byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rule = rule
}

// Seen is every datagram so far.
func (m *MediaTap) Seen() []Datagram {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.seen)
}

// Find counts the datagrams that hold a secret, as signaltest.Search finds it.
func (m *MediaTap) Find(secret []byte) (n int) {
	for _, d := range m.Seen() {
		if signaltest.Search(d.Data, secret) != "" {
			n++
		}
	}
	return n
}

// Acts is how many datagrams were not passed on as they were.
func (m *MediaTap) Acts() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.acts
}

// Close ends the proxy.
func (m *MediaTap) Close() error {
	m.mu.Lock()
	m.closed = true
	for _, c := range m.clients {
		c.Close()
	}
	m.mu.Unlock()
	err := m.conn.Close()
	m.wait.Wait()
	return err
}

const maxDatagram = 1 << 16

func (m *MediaTap) fromClients() {
	buf := make([]byte, maxDatagram)
	for {
		n, from, err := m.conn.ReadFromUDP(buf)
		if err != nil {
			return
		}
		up := m.upstream(from)
		if up == nil {
			continue
		}
		for _, b := range m.pass(Datagram{Client: from.String(), ToServer: true, Data: buf[:n]}) {
			_, _ = up.Write(b) // a datagram may be lost
		}
	}
}

// upstream is this client's socket to the server.
func (m *MediaTap) upstream(client *net.UDPAddr) *net.UDPConn {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.clients[client.String()]
	if c != nil || m.closed {
		return c
	}
	c, err := net.DialUDP("udp4", nil, m.server)
	if err != nil {
		return nil
	}
	m.clients[client.String()] = c
	m.wait.Go(func() { m.fromServer(c, client) })
	return c
}

func (m *MediaTap) fromServer(c *net.UDPConn, client *net.UDPAddr) {
	buf := make([]byte, maxDatagram)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		for _, b := range m.pass(Datagram{Client: client.String(), Data: buf[:n]}) {
			_, _ = m.conn.WriteToUDP(b, client)
		}
	}
}

// pass keeps a datagram and applies the rule.
func (m *MediaTap) pass(d Datagram) [][]byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	d.At, d.Data = time.Now(), bytes.Clone(d.Data)
	m.seen = append(m.seen, d)
	if m.rule == nil {
		return [][]byte{d.Data}
	}
	out := m.rule(d)
	if len(out) != 1 || !bytes.Equal(out[0], d.Data) {
		m.acts++
	}
	return out
}

// Payload is what two clients say to each other in a datagram of a TURN channel (RFC 8656, section 12.4); nil for all
// else. Its first byte tells what it is: 0–3 STUN, 20–63 DTLS, 128–191 SRTP (RFC 7983).
func (d Datagram) Payload() []byte {
	if len(d.Data) < 5 || d.Data[0]&0xc0 != 0x40 {
		return nil
	}
	n := int(d.Data[2])<<8 | int(d.Data[3])
	if n == 0 || n > len(d.Data)-4 {
		return nil
	}
	return d.Data[4 : 4+n]
}

// SRTP says whether the datagram carries media.
func (d Datagram) SRTP() bool {
	p := d.Payload()
	return len(p) > 12 && p[0] >= 128 && p[0] <= 191 && (p[1] < 192 || p[1] > 223) // not RTCP, RFC 5761
}
