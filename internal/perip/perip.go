// Package perip holds strangers to limits by IP address, and says whose addresses count as one.
package perip

import "net/netip"

// siteShare is how often the limit of one address fits into that of a site.
const siteShare = 4

// A Network is a set of addresses that share a limit.
type Network struct {
	netip.Prefix
	Share int // how often the limit of one address fits into that of the network
}

// Networks are those that ip counts for: of IPv4 the address itself; of IPv6 its /64, which one host has whole, and its
// /48, since one customer of a provider has up to 65,536 of them. Where a /48 is 256 customers with a /56 each they share
// what four addresses have.
func Networks(ip netip.Addr) []Network {
	ip = ip.Unmap().WithZone("")
	if !ip.Is6() {
		return []Network{{netip.PrefixFrom(ip, ip.BitLen()), 1}}
	}
	return []Network{{masked(ip, 64), 1}, {masked(ip, 48), siteShare}}
}

// Site is the widest of ip's networks: one household, or several.
func Site(ip netip.Addr) netip.Addr {
	all := Networks(ip)
	return all[len(all)-1].Addr()
}

func masked(ip netip.Addr, bits int) netip.Prefix {
	p, _ := ip.Prefix(bits) // it fails for too many bits alone
	return p
}

// A Counter counts what is taken, in all and by network. Its caller sees to it that one goroutine uses it at a time.
type Counter struct {
	all, each int // the most in all, and of one address
	total     int
	taken     map[netip.Prefix]int
}

// NewCounter allows that many in all, and that many of one address.
func NewCounter(all, each int) *Counter {
	return &Counter{all: all, each: each, taken: map[netip.Prefix]int{}}
}

// Fits reports whether one more of ip is within the limits.
func (c *Counter) Fits(ip netip.Addr) bool {
	if c.total >= c.all {
		return false
	}
	for _, n := range Networks(ip) {
		if c.taken[n.Prefix] >= c.each*n.Share {
			return false
		}
	}
	return true
}

// Take counts one more of ip, or is false if it does not fit. Each success is followed by one Give.
func (c *Counter) Take(ip netip.Addr) bool {
	if !c.Fits(ip) {
		return false
	}
	c.Add(ip, 1)
	return true
}

// Give counts one of ip less.
func (c *Counter) Give(ip netip.Addr) { c.Add(ip, -1) }

// Add counts n more of ip, whether they fit or not.
func (c *Counter) Add(ip netip.Addr, n int) {
	c.total += n
	for _, net := range Networks(ip) {
		if c.taken[net.Prefix] += n; c.taken[net.Prefix] <= 0 {
			delete(c.taken, net.Prefix)
		}
	}
}

// Total is how many are taken.
func (c *Counter) Total() int { return c.total }
