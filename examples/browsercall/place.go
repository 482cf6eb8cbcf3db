package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// A place is where the program is reached: its port, and the hosts of its URLs, the one to print first.
type place struct {
	hosts []string
	port  int
	ip    netip.Addr // of the first host
	tls   bool
}

// placeOf finds the hosts for what a listener listens on.
func placeOf(at net.Addr, tls bool) (place, error) {
	a, err := netip.ParseAddrPort(at.String())
	if err != nil {
		return place{}, err
	}
	p := place{port: int(a.Port()), ip: a.Addr().Unmap(), tls: tls}
	if p.ip.IsUnspecified() {
		if p.ip, err = outward(); err != nil {
			return place{}, errors.New("this machine has no default route: say in -listen which of its addresses to use")
		}
		p.hosts = append(p.hosts, "127.0.0.1", "localhost")
	}
	if p.ip.IsLoopback() {
		p.hosts = append(p.hosts, "localhost")
	}
	p.hosts = append([]string{p.ip.String()}, p.hosts...)
	if !p.ip.IsLoopback() && !tls {
		return place{}, fmt.Errorf("-listen %v without TLS: browsers give the camera to secure origins alone. Add -tls self-signed, or listen on loopback", a)
	}
	return p, nil
}

// outward is the address under which this machine speaks to others. Nothing is sent.
func outward() (netip.Addr, error) {
	c, err := net.Dial("udp4", "192.0.2.1:9")
	if err != nil {
		return netip.Addr{}, err
	}
	defer c.Close()
	a, err := netip.ParseAddrPort(c.LocalAddr().String())
	return a.Addr(), err
}

func (p place) loopback() bool { return p.ip.IsLoopback() }

// authorities are host:port of each host, as browsers write them in Host.
func (p place) authorities() (all []string) {
	for _, h := range p.hosts {
		all = append(all, net.JoinHostPort(h, strconv.Itoa(p.port)))
	}
	return all
}

// is reports whether a request's Host names the place. Browsers leave out the port that is the scheme's own.
func (p place) is(host string) bool {
	all, host := p.authorities(), strings.ToLower(host)
	usual := 80
	if p.tls {
		usual = 443
	}
	return slices.Contains(all, host) || p.port == usual && slices.Contains(all, host+":"+strconv.Itoa(usual))
}

// urls are scheme://host:port of each host; secure adds an s to the scheme if there is TLS.
func (p place) urls(scheme string) (all []string) {
	if p.tls {
		scheme += "s"
	}
	for _, a := range p.authorities() {
		all = append(all, scheme+"://"+a)
	}
	return all
}

// page is the page's address.
func (p place) page() string { return p.urls("http")[0] + "/" }

// relay is what clients dial.
func (p place) relay() string { return p.urls("ws")[0] + "/v1" }

// reachable are the addresses that TURN may relay to: those of this machine, where the bot is, for everything else in a
// local network is none of a guest's business.
func (p place) reachable() []netip.Prefix {
	var all []netip.Prefix
	if p.loopback() {
		all = append(all, netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128"))
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return append(all, netip.PrefixFrom(p.ip, p.ip.BitLen()))
	}
	for _, a := range addrs {
		if prefix, err := netip.ParsePrefix(a.String()); err == nil && !prefix.Addr().IsLoopback() {
			all = append(all, netip.PrefixFrom(prefix.Addr(), prefix.Addr().BitLen()))
		}
	}
	return all
}
