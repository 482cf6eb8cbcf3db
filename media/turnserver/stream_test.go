package turnserver

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"
)

func stunHead(length uint16) []byte {
	b := []byte{0, 1}
	b = binary.BigEndian.AppendUint16(b, length)
	b = binary.BigEndian.AppendUint32(b, 0x2112A442)
	return append(b, make([]byte, 12)...)
}

func TestFrameLength(t *testing.T) {
	for _, tt := range []struct {
		head []byte
		n    int
		ok   bool
	}{
		{stunHead(0), 20, true}, {stunHead(8), 28, true}, {stunHead(9), 0, false}, {stunHead(1480), 1500, true}, {stunHead(1484), 0, false},
		{stunHead(0xffec), 0, false}, {stunHead(0xfff0), 0, false}, {stunHead(0xfffc), 0, false},
		{[]byte{0x40, 0, 0, 5}, 12, true}, {[]byte{0x4f, 0xff, 0, 4}, 8, true}, {[]byte{0x40, 0, 0, 0}, 0, false}, {[]byte{0x40, 0, 0xff, 0xff}, 0, false},
		{[]byte{0x50, 0, 0, 4}, 0, false}, {[]byte("GET "), 0, false}, {[]byte{0x16, 3, 1, 2}, 0, false},
	} {
		n, ok := frameLength(tt.head)
		if ok != tt.ok || ok && n != tt.n {
			t.Errorf("%x: %d, %t", tt.head[:4], n, ok)
		}
	}
}

// Pitfall 23: what a stranger can make the server do before authentication is bounded. A length near 65,536 makes the
// framing of pion/turn v5.1.1 spin for ever; a connection that says nothing, or too little, would stay. It fails when
// Accept hands out the bare connection.
func TestPitfall23StrangersOverTCP(t *testing.T) {
	s := start(t, localhost())
	for name, b := range map[string][]byte{
		"a length that wraps to nothing": stunHead(0xffec),
		"a length that wraps":            stunHead(0xfff0),
		"no cookie":                      make([]byte, 20),
		"HTTP":                           []byte("GET / HTTP/1.1\r\n\r\n"),
		"an empty ChannelData":           {0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0},
	} {
		c, err := net.Dial("tcp", s.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Write(b); err != nil {
			t.Fatal(err)
		}
		c.SetReadDeadline(time.Now().Add(3 * time.Second))
		if _, err := io.ReadAll(c); err != nil && isTimeout(err) {
			t.Errorf("%s: the connection stays", name)
		}
		c.Close()
	}
}

func isTimeout(err error) bool {
	e, ok := err.(net.Error)
	return ok && e.Timeout()
}

func TestConnectionsOfOneIPAddress(t *testing.T) {
	c := localhost()
	c.PerIP = 2
	s := start(t, c)
	open := func() net.Conn {
		c, err := net.Dial("tcp", s.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	a, b := open(), open()
	defer a.Close()
	third := open()
	defer third.Close()
	third.SetReadDeadline(time.Now().Add(3 * time.Second))
	if _, err := third.Read(make([]byte, 1)); err == nil || isTimeout(err) {
		t.Errorf("third connection: %v", err)
	}
	b.Close()
	eventually(t, "the place is free", func() bool {
		s.conns.mu.Lock()
		defer s.conns.mu.Unlock()
		return len(s.conns.open) == 1
	})
}

// What there is of allocations bounds the TCP connections in all, whomever they are of, and nobody with a /48 of IPv6 has
// the server alone. It fails when connections are counted by address alone, or perip counts by /64 alone.
func TestNobodyHasTheServerAlone(t *testing.T) {
	c := localhost()
	c.MaxAllocations, c.PerIP = 10, 2
	s := start(t, c)
	connections, allocations := 0, 0
	try := func(ip netip.Addr) {
		from := netip.AddrPortFrom(ip, 1)
		if end, _ := net.Pipe(); s.conns.add(&stream{Conn: end, all: s.conns, from: from}) {
			connections++
		}
		if udp := net.UDPAddrFromAddrPort(from); s.quota("", "", udp) {
			s.allocated(udp, 1)
			allocations++
		}
	}
	site := netip.MustParseAddr("2001:db8::1").As16()
	for i := range 20 {
		site[7] = byte(i)
		try(netip.AddrFrom16(site))
	}
	if connections != 8 || allocations != 8 {
		t.Errorf("one /48 has %d TCP connections and %d allocations, want 8", connections, allocations)
	}
	for i := range 20 {
		try(netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}))
	}
	if connections != 10 || allocations != 10 {
		t.Errorf("%d TCP connections and %d allocations in all, want 10", connections, allocations)
	}
}

// bytesConn is a connection that has said b.
type bytesConn struct {
	net.Conn
	r io.Reader
}

func (c bytesConn) Read(b []byte) (int, error)      { return c.r.Read(b) }
func (c bytesConn) SetReadDeadline(time.Time) error { return nil }

func FuzzStream(f *testing.F) {
	f.Add(append(stunHead(4), 1, 2, 3, 4))
	f.Add([]byte{0x40, 0, 0, 5, 1, 2, 3, 4, 5, 0, 0, 0})
	f.Add(stunHead(0xffec))
	f.Fuzz(func(t *testing.T, data []byte) {
		s := &stream{Conn: bytesConn{}, all: newConnections(1, 1)}
		s.Conn = bytesConn{r: bytes.NewReader(data)}
		s.r = newReader(s.Conn)
		buf := make([]byte, 1600)
		rest := data
		for {
			n, err := s.Read(buf)
			if err != nil {
				return
			}
			if n < 8 || n > len(rest) || !bytes.Equal(buf[:n], rest[:n]) {
				t.Fatalf("a frame of %d bytes out of %d", n, len(rest))
			}
			rest = rest[n:]
		}
	})
}
