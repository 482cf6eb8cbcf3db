package turnserver

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/sotto-calls/sotto/internal/perip"
)

// Bounds of a TCP or TLS connection.
const (
	maxFrame  = 1500             // bytes; more than a UDP datagram would carry
	idleNew   = 10 * time.Second // to make an allocation
	idleAfter = 15 * time.Minute // between frames, once there is one; an allocation is refreshed every ten minutes at the latest
)

var errFraming = errors.New("turnserver: not a TURN frame")

// streams accepts TCP connections within limits and keeps hold of them, which pion's server does not.
type streams struct {
	net.Listener
	all *connections
}

// connections are the TCP connections of all listeners.
type connections struct {
	mu     sync.Mutex
	open   map[netip.AddrPort]*stream
	count  *perip.Counter
	closed bool
}

func newConnections(all, perIP int) *connections {
	return &connections{open: map[netip.AddrPort]*stream{}, count: perip.NewCounter(all, perIP)}
}

// Accept returns the next connection that is within the limits.
func (l *streams) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		s := &stream{Conn: c, r: newReader(c), all: l.all, from: addrPort(c.RemoteAddr())}
		if l.all.add(s) {
			return s, nil
		}
		c.Close()
	}
}

func newReader(c net.Conn) *bufio.Reader { return bufio.NewReaderSize(c, 4096) }

func (a *connections) add(s *stream) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed || a.open[s.from] != nil || !a.count.Take(s.from.Addr()) {
		return false
	}
	a.open[s.from] = s
	return true
}

func (a *connections) remove(s *stream) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.open, s.from)
	a.count.Give(s.from.Addr())
}

// allocated notes that the client at this address has an allocation, or not any more.
func (a *connections) allocated(from net.Addr, yes bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if s := a.open[addrPort(from)]; s != nil {
		s.setIdle(yes)
	}
}

func (a *connections) close() {
	a.mu.Lock()
	a.closed = true
	var open []*stream
	for _, s := range a.open {
		open = append(open, s)
	}
	a.mu.Unlock()
	for _, s := range open {
		s.Close()
	}
}

// stream is a TCP connection that hands out whole frames, one a Read. The framing under it in pion/turn v5.1.1 adds a
// header's length to a 16-bit number without a check, and then spins for ever on a length near 65,536; this is checked
// here, before authentication.
type stream struct {
	net.Conn
	r    *bufio.Reader
	all  *connections
	from netip.AddrPort
	once sync.Once

	mu    sync.Mutex
	idle  time.Duration
	start time.Time // of waiting without an allocation
}

func (s *stream) setIdle(allocated bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idle, s.start = idleNew, time.Now()
	if allocated {
		s.idle = idleAfter
	}
	s.deadline()
}

// deadline gives the client its time. Without an allocation it counts from the start: a frame does not prolong it.
func (s *stream) deadline() {
	switch {
	case s.start.IsZero():
		s.idle, s.start = idleNew, time.Now()
		fallthrough
	case s.idle == idleNew:
		s.Conn.SetReadDeadline(s.start.Add(s.idle))
	default:
		s.Conn.SetReadDeadline(time.Now().Add(s.idle))
	}
}

// Read returns one frame.
func (s *stream) Read(b []byte) (int, error) {
	s.mu.Lock()
	s.deadline()
	s.mu.Unlock()
	head, err := s.r.Peek(4)
	if err != nil {
		return 0, err
	}
	n, ok := frameLength(head)
	if !ok || n > len(b) {
		return 0, errFraming
	}
	if head[0] < 0x40 { // STUN: the cookie must be there, or the layer above waits for ever
		head, err = s.r.Peek(8)
		if err != nil {
			return 0, err
		}
		if binary.BigEndian.Uint32(head[4:]) != 0x2112A442 {
			return 0, errFraming
		}
	}
	return io.ReadFull(s.r, b[:n])
}

// frameLength is the length of the frame that begins so: STUN (RFC 8489 section 5) or ChannelData (RFC 8656 section 12.4),
// which is padded to four bytes on a stream.
func frameLength(head []byte) (int, bool) {
	n := int(binary.BigEndian.Uint16(head[2:4]))
	switch {
	case head[0] < 0x40:
		n += 20
		return n, n%4 == 0 && n <= maxFrame
	case head[0] < 0x50:
		n = 4 + (n+3)&^3
		return n, n > 4 && n <= maxFrame+4
	}
	return 0, false
}

func (s *stream) Write(b []byte) (int, error) {
	s.Conn.SetWriteDeadline(time.Now().Add(idleNew)) // a client that does not read holds up its allocation, not for ever
	return s.Conn.Write(b)
}

func (s *stream) Close() error {
	err := s.Conn.Close()
	s.once.Do(func() { s.all.remove(s) })
	return err
}
