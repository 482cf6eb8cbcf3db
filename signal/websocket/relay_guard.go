package websocket

import (
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// guard counts connections and frames by IP address. Addresses live here only as long as they matter for a limit, and
// are never logged.
type guard struct {
	limits Limits

	mu    sync.Mutex
	total int
	ips   map[netip.Addr]*visitor
}

// visitor is one IP address, or one /64 of IPv6.
type visitor struct {
	connections int
	used        float64 // frames in the bucket
	at          time.Time
}

func newGuard(l Limits) *guard { return &guard{limits: l, ips: map[netip.Addr]*visitor{}} }

// clientIP is the address that limits apply to.
func (r *Relay) clientIP(q *http.Request) netip.Addr {
	if f := r.config.ClientIP; f != nil {
		return group(f(q))
	}
	return group(remoteIP(q))
}

func remoteIP(q *http.Request) netip.Addr {
	host, _, err := net.SplitHostPort(q.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	ip, _ := netip.ParseAddr(host)
	return ip
}

// group maps an IPv6 address to its /64, which one host has whole, and drops zones.
func group(ip netip.Addr) netip.Addr {
	ip = ip.Unmap().WithZone("")
	if !ip.Is6() {
		return ip
	}
	p, err := ip.Prefix(64)
	if err != nil {
		return ip
	}
	return p.Addr()
}

// open takes a place for one connection.
func (g *guard) open(now time.Time, ip netip.Addr) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	v := g.ips[ip]
	if v == nil {
		v = &visitor{at: now}
		g.ips[ip] = v
	}
	if g.total >= g.limits.Connections || v.connections >= g.limits.PerIP || !g.pay(now, v, connectionCost) {
		return false
	}
	g.total++
	v.connections++
	return true
}

// connectionCost is how many frames a new connection counts for: it costs a signature.
const connectionCost = 10

func (g *guard) close(ip netip.Addr) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.total--
	g.ips[ip].connections--
}

// frame takes cost from the share of the address; it is false when that is used up.
func (g *guard) frame(now time.Time, ip netip.Addr, cost float64) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.pay(now, g.ips[ip], cost)
}

func (g *guard) pay(now time.Time, v *visitor, cost float64) bool {
	v.used = max(0, v.used-g.limits.FrameRate*now.Sub(v.at).Seconds())
	v.at = now
	if v.used+cost > g.limits.FrameBurst {
		return false
	}
	v.used += cost
	return true
}

// sweep forgets addresses without connections whose bucket is full again.
func (g *guard) sweep(now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for ip, v := range g.ips {
		if v.connections == 0 && v.used <= g.limits.FrameRate*now.Sub(v.at).Seconds() {
			delete(g.ips, ip)
		}
	}
}

func (g *guard) connections() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.total
}
