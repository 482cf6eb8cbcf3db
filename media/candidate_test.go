package media

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

const tail = " 5000 typ host"

func TestCandidateOfPeer(t *testing.T) {
	internet, lan, loop, relay := Settings{}, Settings{LAN: true}, Settings{Loopback: true}, Settings{RelayOnly: true}
	for _, tt := range []struct {
		name string
		s    Settings
		line string
		ok   bool
	}{
		{"public", internet, "candidate:1 1 udp 1 203.0.113.9" + tail, true},
		{"public IPv6", internet, "candidate:1 1 udp 1 2001:db8::1" + tail, true},
		{"private", internet, "candidate:1 1 udp 1 192.168.1.9" + tail, true},
		{"upper case protocol", internet, "candidate:1 1 UDP 1 203.0.113.9" + tail, true},
		{"with extensions", internet, "a=candidate:1 1 udp 1 1.2.3.4 5 typ srflx raddr 10.0.0.1 rport 7 generation 0 ufrag ab12", true},
		{"mDNS", internet, "candidate:1 1 udp 1 9b36eaac-bb2e-49bb-bb78-21c41c499900.local" + tail, true},
		{"mDNS in relay-only", relay, "candidate:1 1 udp 1 9b36eaac-bb2e-49bb-bb78-21c41c499900.local" + tail, false},
		{"host name", internet, "candidate:1 1 udp 1 evil.example.com" + tail, false},
		{"host name under local", internet, "candidate:1 1 udp 1 printer.local" + tail, false},
		{"loopback", internet, "candidate:1 1 udp 1 127.0.0.1" + tail, false},
		{"loopback far in", internet, "candidate:1 1 udp 1 127.9.9.9" + tail, false},
		{"loopback IPv6", internet, "candidate:1 1 udp 1 ::1" + tail, false},
		{"loopback mapped", internet, "candidate:1 1 udp 1 ::ffff:127.0.0.1" + tail, false},
		{"loopback allowed", loop, "candidate:1 1 udp 1 127.0.0.1" + tail, true},
		{"loopback in a LAN", lan, "candidate:1 1 udp 1 127.0.0.1" + tail, true},
		{"link-local", internet, "candidate:1 1 udp 1 169.254.1.1" + tail, false},
		{"link-local IPv6", internet, "candidate:1 1 udp 1 fe80::1" + tail, false},
		{"link-local in a LAN", lan, "candidate:1 1 udp 1 fe80::1" + tail, true},
		{"zone", lan, "candidate:1 1 udp 1 fe80::1%eth0" + tail, false},
		{"multicast", lan, "candidate:1 1 udp 1 224.0.0.251" + tail, false},
		{"multicast IPv6", lan, "candidate:1 1 udp 1 ff02::1" + tail, false},
		{"broadcast", lan, "candidate:1 1 udp 1 255.255.255.255" + tail, false},
		{"unspecified", lan, "candidate:1 1 udp 1 0.0.0.0" + tail, false},
		{"unspecified IPv6", lan, "candidate:1 1 udp 1 ::" + tail, false},
		{"this network", lan, "candidate:1 1 udp 1 0.1.2.3" + tail, false},
		{"TCP", internet, "candidate:1 1 tcp 1 203.0.113.9 9 typ host tcptype active", false},
		{"RTCP component", internet, "candidate:1 2 udp 1 203.0.113.9" + tail, false},
		{"port 0", internet, "candidate:1 1 udp 1 203.0.113.9 0 typ host", false},
		{"port too high", internet, "candidate:1 1 udp 1 203.0.113.9 65536 typ host", false},
		{"negative priority", internet, "candidate:1 1 udp -1 203.0.113.9" + tail, false},
		{"unknown type", internet, "candidate:1 1 udp 1 203.0.113.9 5 typ token", false},
		{"foundation", internet, "candidate:ä 1 udp 1 203.0.113.9" + tail, false},
		{"ufrag", internet, "candidate:1 1 udp 1 203.0.113.9 5 typ host ufrag a:b", false},
		{"odd extensions", internet, "candidate:1 1 udp 1 203.0.113.9 5 typ host raddr", false},
		{"cut short", internet, "candidate:1 1 udp 1", false},
		{"empty", internet, "", false},
		{"too long", internet, "candidate:1 1 udp 1 203.0.113.9" + tail + strings.Repeat(" x y", 200), false},
	} {
		_, err := tt.s.incoming(tt.line)
		if (err == nil) != tt.ok || err != nil && !errors.Is(err, ErrCandidate) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// TestCandidateOfOurs: what leaves says no more than it must.
func TestCandidateOfOurs(t *testing.T) {
	salt := []byte("salt")
	for _, tt := range []struct {
		name     string
		s        Settings
		in, want string // want without foundation; empty for an error
	}{
		{"relay", Settings{RelayOnly: true}, "candidate:2882 1 udp 7 9.9.9.9 5000 typ relay raddr 192.168.1.5 rport 40000",
			" 1 udp 7 9.9.9.9 5000 typ relay raddr 0.0.0.0 rport 9 ufrag me"},
		{"relay IPv6", Settings{RelayOnly: true}, "candidate:2882 1 udp 7 2001:db8::9 5000 typ relay raddr 2001:db8::1 rport 40000",
			" 1 udp 7 2001:db8::9 5000 typ relay raddr :: rport 9 ufrag me"},
		{"reflexive", Settings{}, "candidate:1 1 udp 7 9.9.9.9 5000 typ srflx raddr 10.0.0.1 rport 4 ufrag other generation 3",
			" 1 udp 7 9.9.9.9 5000 typ srflx raddr 0.0.0.0 rport 9 ufrag me"},
		{"mDNS", Settings{}, "candidate:1 1 udp 7 aa-bb.local 5000 typ host", " 1 udp 7 aa-bb.local 5000 typ host ufrag me"},
		{"bare host", Settings{}, "candidate:1 1 udp 7 192.168.1.5 5000 typ host", ""},
		{"bare host in a LAN", Settings{LAN: true}, "candidate:1 1 udp 7 192.168.1.5 5000 typ host",
			" 1 udp 7 192.168.1.5 5000 typ host ufrag me"},
		{"host in relay-only", Settings{RelayOnly: true}, "candidate:1 1 udp 7 aa-bb.local 5000 typ host", ""},
		{"reflexive in relay-only", Settings{RelayOnly: true}, "candidate:1 1 udp 7 9.9.9.9 5 typ srflx raddr 1.1.1.1 rport 4", ""},
		{"peer-reflexive in relay-only", Settings{RelayOnly: true}, "candidate:1 1 udp 7 9.9.9.9 5 typ prflx raddr 1.1.1.1 rport 4", ""},
		{"TCP", Settings{}, "candidate:1 1 tcp 7 9.9.9.9 5 typ host tcptype passive", ""},
	} {
		got, err := tt.s.outgoing(tt.in, "me", salt)
		if tt.want == "" {
			if err == nil {
				t.Errorf("%s: sent as %q", tt.name, got)
			}
			continue
		}
		foundation, rest, _ := strings.Cut(got, " ")
		if err != nil || " "+rest != tt.want || strings.Contains(foundation, "2882") {
			t.Errorf("%s: %q %v", tt.name, got, err)
		}
	}
}

// FuzzCandidate: no line gets an address in that may not be, and what is written is read back the same.
func FuzzCandidate(f *testing.F) {
	f.Add("candidate:1 1 udp 2130706431 203.0.113.9 5000 typ srflx raddr 10.0.0.1 rport 7 ufrag ab12")
	f.Add("candidate:1 1 udp 1 ::ffff:7f00:1 5000 typ host")
	f.Add("a=candidate:1 1 udp 1 9b36eaac-bb2e.local 5000 typ host generation 0")
	f.Fuzz(func(t *testing.T, line string) {
		for _, s := range []Settings{{}, {RelayOnly: true}, {LAN: true}} {
			c, err := s.incoming(line)
			if err != nil {
				if !errors.Is(err, ErrCandidate) {
					t.Fatal(err)
				}
				continue
			}
			addr, err := netip.ParseAddr(c.address)
			if err == nil && (addr.IsMulticast() || addr.IsUnspecified() || !s.LAN && (addr.IsLoopback() || addr.IsLinkLocalUnicast())) {
				t.Fatalf("%q let %v in", line, addr)
			}
			if err != nil && s.RelayOnly {
				t.Fatalf("%q let a name in", line)
			}
			again, err := parseCandidate(c.String())
			if err != nil || again.String() != c.String() {
				t.Fatalf("%q: %q is read as %q, %v", line, c.String(), again.String(), err)
			}
		}
	})
}

// TestStaleCandidates: a peer that repeats candidates of descriptions past, as often as it likes, does not take the place
// of those that count. The mutations that make it fail: keepCandidate that keeps a line twice; its bound on every line.
func TestStaleCandidates(t *testing.T) {
	s := newSide(t, Settings{}, false, newVault(1), newVault(2))
	t.Cleanup(s.close)
	s.conn.candidates.ufrag = "inforce1"
	add := func(ufrag string, port int) error {
		return s.conn.AddCandidate(Candidate{Line: fmt.Sprintf("candidate:1 1 udp 1 203.0.113.9 %d typ host ufrag %s", port, ufrag)})
	}
	for range 3 {
		for i := range maxCandidates - 1 {
			check(t, add("stale111", 1000+i))
		}
	}
	check(t, add("stale222", 1000))
	if err := add("stale222", 1001); !errors.Is(err, ErrCandidate) || s.conn.candidates.refused != 1 {
		t.Errorf("kept without a bound: %v", err)
	}
	for range 2 {
		for i := range maxCandidates {
			if err := add("inforce1", 1000+i); errors.Is(err, ErrCandidate) && strings.Contains(err.Error(), "more than") {
				t.Fatalf("candidate %d of the description in force: %v", i, err)
			}
		}
	}
	if err := add("inforce1", 2000); !errors.Is(err, ErrCandidate) || s.conn.candidates.count != maxCandidates {
		t.Errorf("%d candidates, %v", s.conn.candidates.count, err)
	}
}
