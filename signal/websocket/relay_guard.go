package websocket

import (
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/sotto-calls/sotto/internal/perip"
)

// guard counts connections and frames by IP address. Addresses live here only as long as they matter for a limit, and
// are never logged.
type guard struct {
	limits Limits

	mu      sync.Mutex
	sockets *perip.Counter // TCP connections
	clients *perip.Counter // those that became WebSockets
	buckets map[netip.Prefix]bucket
}

// bucket is what a network used of its share of frames.
type bucket struct {
	used float64
	at   time.Time
}

// newGuard makes a guard. Behind a proxy all TCP connections are of one IP address.
func newGuard(l Limits, proxied bool) *guard {
	sockets := perip.NewCounter(spare*l.Connections, spare*l.PerIP)
	if proxied {
		sockets = perip.NewCounter(spare*l.Connections, spare*l.Connections)
	}
	return &guard{
		limits:  l,
		sockets: sockets,
		clients: perip.NewCounter(l.Connections, l.PerIP),
		buckets: map[netip.Prefix]bucket{},
	}
}

// clientIP is the address that limits apply to.
func (r *Relay) clientIP(q *http.Request) netip.Addr {
	if f := r.config.ClientIP; f != nil {
		return f(q)
	}
	return remoteIP(q)
}

func remoteIP(q *http.Request) netip.Addr { return hostIP(q.RemoteAddr) }

func hostIP(address string) netip.Addr {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return netip.Addr{}
	}
	ip, _ := netip.ParseAddr(host)
	return ip
}

// open takes a place for one client.
func (g *guard) open(now time.Time, ip netip.Addr) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.clients.Fits(ip) && g.pay(now, ip, connectionCost) && g.clients.Take(ip)
}

// connectionCost is how many frames a new connection counts for: it costs a signature.
const connectionCost = 10

func (g *guard) close(ip netip.Addr) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.clients.Give(ip)
}

// frame takes cost from the share of the address; it is false when that is used up.
func (g *guard) frame(now time.Time, ip netip.Addr, cost float64) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.pay(now, ip, cost)
}

func (g *guard) pay(now time.Time, ip netip.Addr, cost float64) bool {
	all := perip.Networks(ip)
	for _, n := range all {
		if g.used(now, n)+cost > g.limits.FrameBurst*float64(n.Share) {
			return false
		}
	}
	for _, n := range all {
		g.buckets[n.Prefix] = bucket{used: g.used(now, n) + cost, at: now}
	}
	return true
}

// used is what a network has used and not got back yet.
func (g *guard) used(now time.Time, n perip.Network) float64 {
	b := g.buckets[n.Prefix]
	return max(0, b.used-g.limits.FrameRate*float64(n.Share)*now.Sub(b.at).Seconds())
}

// sweep forgets networks that have got everything back.
func (g *guard) sweep(now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for p, b := range g.buckets {
		if b.used <= g.limits.FrameRate*now.Sub(b.at).Seconds() { // of a /48 it is true sooner than this
			delete(g.buckets, p)
		}
	}
}

func (g *guard) connections() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.clients.Total()
}
