package turnserver

import (
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"

	"github.com/pion/transport/v4"
	"github.com/pion/turn/v5"
)

var (
	errQuota   = errors.New("turnserver: too many allocations")
	errRefused = errors.New("turnserver: not supported")
	errNoPort  = errors.New("turnserver: no port is free")
)

// portTries is how many random ports are tried before a new allocation is refused.
const portTries = 32

// relayed makes the sockets of allocations, within the limits. It is pion's RelayAddressGenerator.
type relayed struct {
	config Config
	net    transport.Net
	peers  *peers

	mu     sync.Mutex
	total  int
	byUser map[string]int
	closed bool
	empty  sync.Cond // total has become 0
}

// Validate has nothing to check.
func (r *relayed) Validate() error { return nil }

// AllocatePacketConn opens a socket on a random port of the range. A requested port is for EVEN-PORT, which WebRTC does
// not use; a probe for one has no user.
func (r *relayed) AllocatePacketConn(c turn.AllocateListenerConfig) (net.PacketConn, net.Addr, error) {
	public, ok := r.public(c.Network)
	if c.UserID == "" || c.RequestedPort != 0 || !ok {
		return nil, nil, errRefused
	}
	if !r.take(c.UserID) {
		return nil, nil, errQuota
	}
	for range portTries {
		port := int(r.config.MinPort) + rand.IntN(int(r.config.MaxPort)-int(r.config.MinPort)+1)
		conn, err := r.net.ListenPacket(c.Network, hostPort(r.bind(c.Network), port))
		if err != nil {
			continue
		}
		return &relayedConn{PacketConn: conn, relayed: r, user: c.UserID}, net.UDPAddrFromAddrPort(netip.AddrPortFrom(public, uint16(port))), nil
	}
	r.give(c.UserID)
	return nil, nil, errNoPort
}

// AllocateListener and AllocateConn are for TCP between server and peer (RFC 6062): refused.
func (r *relayed) AllocateListener(turn.AllocateListenerConfig) (net.Listener, net.Addr, error) {
	return nil, nil, errRefused
}

// AllocateConn is refused, like AllocateListener.
func (r *relayed) AllocateConn(turn.AllocateConnConfig) (net.Conn, error) { return nil, errRefused }

// public is the own address of the network's family.
func (r *relayed) public(network string) (netip.Addr, bool) {
	for _, ip := range r.peers.public {
		if ip.Is4() == (network == "udp4") {
			return ip, true
		}
	}
	return netip.Addr{}, false
}

func (r *relayed) bind(network string) netip.Addr {
	switch {
	case r.config.BindIP.IsValid() && r.config.BindIP.Unmap().Is4() == (network == "udp4"):
		return r.config.BindIP
	case network == "udp4":
		return netip.IPv4Unspecified()
	}
	return netip.IPv6Unspecified()
}

func (r *relayed) take(user string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || r.total >= r.config.MaxAllocations || r.byUser[user] >= r.config.PerCredential {
		return false
	}
	r.total++
	r.byUser[user]++
	return true
}

func (r *relayed) give(user string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.total--; r.total == 0 {
		r.empty.Broadcast()
	}
	if r.byUser[user]--; r.byUser[user] == 0 {
		delete(r.byUser, user)
	}
}

// refuse ends the making of sockets.
func (r *relayed) refuse() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
}

// wait returns when all sockets are closed.
func (r *relayed) wait() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.total > 0 {
		r.empty.Wait()
	}
}

// relayedConn is the socket of one allocation.
type relayedConn struct {
	net.PacketConn
	relayed *relayed
	user    string
	once    sync.Once
}

// WriteTo drops packets to where the server does not relay: a permission names an address, this looks at the port too.
func (c *relayedConn) WriteTo(b []byte, to net.Addr) (int, error) {
	if !c.relayed.peers.addr(addrPort(to)) {
		return len(b), nil
	}
	return c.PacketConn.WriteTo(b, to)
}

func (c *relayedConn) Close() error {
	err := c.PacketConn.Close()
	c.once.Do(func() { c.relayed.give(c.user) })
	return err
}
