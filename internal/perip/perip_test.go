package perip

import (
	"net/netip"
	"testing"
)

func TestWhoseAddressesCountAsOne(t *testing.T) {
	for _, tt := range []struct {
		a, b       string
		host, site bool
	}{
		{"192.0.2.1", "192.0.2.2", false, false},
		{"192.0.2.1", "::ffff:192.0.2.1", true, true},
		{"2001:db8::1", "2001:db8::ffff:1", true, true},
		{"2001:db8::1", "2001:db8:0:1::1", false, true},
		{"2001:db8::1", "2001:db8:0:ffff::1", false, true},
		{"2001:db8::1", "2001:db8:1::1", false, false},
		{"fe80::1%eth0", "fe80::2%eth1", true, true},
	} {
		a, b := netip.MustParseAddr(tt.a), netip.MustParseAddr(tt.b)
		if same := Networks(a)[0] == Networks(b)[0]; same != tt.host {
			t.Errorf("%s and %s: one host %t", a, b, same)
		}
		if same := Site(a) == Site(b); same != tt.site {
			t.Errorf("%s and %s: one site %t", a, b, same)
		}
	}
	if len(Networks(netip.Addr{})) != 1 {
		t.Error("who has no IP address is in a network too, the one of all who have none")
	}
}

func TestCounter(t *testing.T) {
	c := NewCounter(10, 2)
	four, other := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	for i, want := range []bool{true, true, false} {
		if got := c.Take(four); got != want {
			t.Errorf("number %d of an address: %t", i, got)
		}
	}
	site := netip.MustParseAddr("2001:db8::").As16()
	took := 0
	for i := range 20 { // each from a /64 of its own
		site[7] = byte(i)
		if c.Take(netip.AddrFrom16(site)) {
			took++
		}
	}
	if took != 2*siteShare {
		t.Errorf("%d of one /48, want %d", took, 2*siteShare)
	}
	if c.Fits(other) || c.Total() != 10 {
		t.Errorf("more than ten in all: %d", c.Total())
	}
	c.Give(four)
	if !c.Take(other) {
		t.Error("the place that was given back is not free")
	}
	c.Give(other)
	c.Give(four)
	for i := range 2 * siteShare {
		site[7] = byte(i)
		c.Give(netip.AddrFrom16(site))
	}
	if c.Total() != 0 || len(c.taken) != 0 {
		t.Errorf("%d are counted and %d networks remembered, want none", c.Total(), len(c.taken))
	}
}
