package turnserver

import (
	"errors"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

func TestPeers(t *testing.T) {
	p := newPeers(Config{
		PublicIPs: []netip.Addr{netip.MustParseAddr("8.8.4.4")}, MinPort: 50000, MaxPort: 50010,
		Allow: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")},
	}, &addresses{read: func() ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr("9.9.9.9"), netip.MustParseAddr("8.8.4.4")}, nil
	}})
	for to, want := range map[string]bool{
		"1.1.1.1:443": true, "[2606:4700::1111]:443": true, "10.1.2.3:5": true, "8.8.4.4:50005": true, "[::ffff:1.1.1.1]:1": true,
		"1.1.1.1:0": false, "8.8.4.4:22": false, "8.8.4.4:49999": false, "8.8.4.4:50011": false, "9.9.9.9:50005": false,
		"10.2.0.1:5": false, "127.0.0.1:5": false, "127.9.9.9:5": false, "[::1]:5": false, "0.0.0.0:5": false, "[::]:5": false,
		"192.168.1.1:5": false, "172.16.0.1:5": false, "172.31.255.1:5": false, "169.254.169.254:80": false, "100.64.0.1:5": false,
		"224.0.0.1:5": false, "255.255.255.255:5": false, "[ff02::1]:5": false, "[fe80::1]:5": false, "[fe80::1%eth0]:5": false,
		"[fc00::1]:5": false, "[::ffff:127.0.0.1]:5": false, "[::ffff:169.254.169.254]:80": false, "[64:ff9b::7f00:1]:5": false,
		"[2002:7f00:1::]:5": false, "[::7f00:1]:5": false, "[2001:0:1::]:5": false,
	} {
		if got := p.addr(netip.MustParseAddrPort(to)); got != want {
			t.Errorf("%s: %t, want %t", to, got, want)
		}
	}
	if p.addr(netip.AddrPort{}) || p.permission(nil, nil) || p.permission(nil, []byte{1, 2}) {
		t.Error("no address is an address")
	}
}

// The attack: a stranger reaches the server's machine from inside its firewall, by an address that it got after the server
// was started. It fails when the addresses are read once.
func TestAttackAddressThatCameLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		later := netip.MustParseAddr("2606:4700::1111")
		var now []netip.Addr
		var fault error
		own := &addresses{read: func() ([]netip.Addr, error) { return now, fault }}
		p := newPeers(Config{PublicIPs: []netip.Addr{netip.MustParseAddr("8.8.4.4")}}, own)
		if !p.ip(later) {
			t.Error("nothing is relayed to another machine's address")
		}
		now = []netip.Addr{later}
		time.Sleep(renewEvery)
		if p.ip(later) || p.addr(netip.AddrPortFrom(later, 5)) {
			t.Error("packets are relayed to the machine's new address")
		}
		now, fault = nil, errors.New("no list today")
		time.Sleep(renewEvery)
		if p.ip(later) {
			t.Error("a list that cannot be read has emptied the last one")
		}
	})
}
