// Package lossy is a network that loses media packets at random, or everything while it is cut, and a measure of what that
// does to a picture. It is for tests that compare: both sides of a comparison use it, so that they suffer alike.
package lossy

import (
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"

	"github.com/pion/transport/v4"
	"github.com/pion/transport/v4/stdnet"
)

// A Net is the machine's network, but for RTP and RTCP that get lost, in both directions. They are lost as datagrams,
// beneath SRTP: whoever repairs losses sees them, and repairs are lost as well.
type Net struct {
	*stdnet.Net
	loss float64
	cut  atomic.Bool

	mu     sync.Mutex
	random *rand.Rand
	counts Counts
}

// Counts are the datagrams with media up to now.
type Counts struct {
	Sent, Received, Lost uint64 // what was lost is among the sent or received
}

// NewNet loses each datagram with media with probability loss, from 0 to 1; the same seed gives the same sequence.
func NewNet(loss float64, seed uint64) (*Net, error) {
	n, err := stdnet.NewNet()
	if err != nil {
		return nil, err
	}
	return &Net{Net: n, loss: loss, random: rand.New(rand.NewPCG(seed, 1))}, nil
}

// ListenUDP opens a socket whose datagrams may get lost.
func (n *Net) ListenUDP(network string, at *net.UDPAddr) (transport.UDPConn, error) {
	c, err := n.Net.ListenUDP(network, at)
	if err != nil {
		return nil, err
	}
	return &conn{UDPConn: c, net: n}, nil
}

// Cut loses every datagram, in both directions, until it is called with false: as when a cable is pulled.
func (n *Net) Cut(on bool) { n.cut.Store(on) }

// Counts is a snapshot.
func (n *Net) Counts() Counts {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.counts
}

// loses decides on a datagram, and counts it as one of those in.
func (n *Net) loses(datagram []byte, in func(*Counts) *uint64) bool {
	if n.cut.Load() {
		return true
	}
	if len(datagram) == 0 || datagram[0]>>6 != 2 { // STUN and DTLS begin with lower numbers (RFC 7983)
		return false
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	*in(&n.counts)++
	if n.random.Float64() >= n.loss {
		return false
	}
	n.counts.Lost++
	return true
}

type conn struct {
	transport.UDPConn
	net *Net
}

func (c *conn) WriteTo(b []byte, to net.Addr) (int, error) {
	if c.net.loses(b, func(n *Counts) *uint64 { return &n.Sent }) {
		return len(b), nil
	}
	return c.UDPConn.WriteTo(b, to)
}

func (c *conn) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, from, err := c.UDPConn.ReadFrom(b)
		if err != nil || !c.net.loses(b[:n], func(n *Counts) *uint64 { return &n.Received }) {
			return n, from, err
		}
	}
}
