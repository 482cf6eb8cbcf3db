package turnserver

import (
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// special are ranges that are not somebody's public address (IANA's special-purpose registries, RFC 6890), among them
// those of IPv6 that hold an IPv4 address inside, which a gateway would take out.
var special = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
	"192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
	"224.0.0.0/4", "240.0.0.0/4",
	"::/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16",
	"3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
)

func prefixes(list ...string) (p []netip.Prefix) {
	for _, s := range list {
		p = append(p, netip.MustParsePrefix(s))
	}
	return p
}

// peers decides where the server sends packets of strangers.
type peers struct {
	public   []netip.Addr // own relayed addresses
	own      *addresses   // of this machine
	allow    []netip.Prefix
	min, max uint16
}

func newPeers(c Config, own *addresses) *peers {
	p := &peers{own: own, allow: c.Allow, min: c.MinPort, max: c.MaxPort}
	for _, ip := range c.PublicIPs {
		p.public = append(p.public, ip.Unmap())
	}
	return p
}

// addresses are this machine's. They change while the server runs: IPv6 privacy addresses live for a day.
type addresses struct {
	read func() ([]netip.Addr, error)

	mu   sync.Mutex
	list []netip.Addr // replaced, never changed
	at   time.Time
}

func newAddresses(read func() ([]netip.Addr, error)) (*addresses, error) {
	a := &addresses{read: read}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a, a.renew(false)
}

// renewEvery is how old the list may be when a packet is relayed, but for the time that it takes to read it. One of twice that age,
// as after an hour without a packet, is waited for.
const renewEvery = 2 * time.Second

func (a *addresses) contain(ip netip.Addr) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if age := time.Since(a.at); age >= renewEvery {
		_ = a.renew(age < 2*renewEvery) // the last list is better than none
	}
	return slices.Contains(a.list, ip)
}

// renew reads the list, which takes its time where there are many; beside: other packets go on with the last one meanwhile. One
// that cannot be read is not tried again for renewEvery. The lock is held.
func (a *addresses) renew(beside bool) error {
	a.at = time.Now()
	if beside {
		a.mu.Unlock()
	}
	list, err := a.read()
	if beside {
		a.mu.Lock()
	}
	if err != nil {
		return err
	}
	for i, ip := range list {
		list[i] = ip.Unmap().WithZone("")
	}
	a.list = list
	return nil
}

// ip reports whether a permission for this address is granted.
func (p *peers) ip(ip netip.Addr) bool {
	ip = ip.Unmap()
	within := func(r netip.Prefix) bool { return r.Contains(ip) }
	switch {
	case !ip.IsValid() || ip.Zone() != "":
		return false
	case slices.Contains(p.public, ip):
		return true // two clients of this server; addr looks at the port
	case slices.ContainsFunc(p.allow, within):
		return true
	case p.own.contain(ip):
		return false
	}
	return !slices.ContainsFunc(special, within)
}

// addr reports whether a packet may go there.
func (p *peers) addr(a netip.AddrPort) bool {
	ip := a.Addr().Unmap()
	if slices.Contains(p.public, ip) && (a.Port() < p.min || a.Port() > p.max) {
		return slices.ContainsFunc(p.allow, func(r netip.Prefix) bool { return r.Contains(ip) })
	}
	return a.Port() != 0 && p.ip(ip)
}

// permission is pion's PermissionHandler.
func (p *peers) permission(_ net.Addr, peer net.IP) bool {
	ip, ok := netip.AddrFromSlice(peer)
	return ok && p.ip(ip)
}

// addrPort reads an address as pion has it.
func addrPort(a net.Addr) netip.AddrPort {
	switch a := a.(type) {
	case *net.UDPAddr:
		return a.AddrPort()
	case *net.TCPAddr:
		return a.AddrPort()
	}
	return netip.AddrPort{}
}
