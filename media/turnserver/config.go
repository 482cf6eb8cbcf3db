package turnserver

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"

	"github.com/pion/transport/v4"

	"github.com/sotto-calls/sotto/internal/turnrest"
)

// Config configures a Server. It is copied; printed, it does not show the secret.
type Config struct {
	Listen    string      // host:port for UDP and TCP, as ":3478"; port 0 picks one. Required.
	NoTCP     bool        // UDP alone
	ListenTLS string      // host:port for TURN over TLS, as ":5349"; empty: none
	TLS       *tls.Config // for ListenTLS

	PublicIPs []netip.Addr // under which clients and peers reach this machine: one IPv4, one IPv6 or both. Required.
	BindIP    netip.Addr   // where relayed sockets listen; zero: all addresses. Behind a 1:1 NAT, the inner address.
	MinPort   uint16       // of relayed addresses; 0: 49152
	MaxPort   uint16       // inclusive; 0: 65535

	Realm  string // 0: "sotto"
	Secret []byte // shared with whoever hands out credentials; at least 16 bytes. Required.

	Allow []netip.Prefix // ranges to relay to, though they are private or otherwise special

	MaxAllocations int // in all, and apart from them TCP connections; 0: 1,000
	PerCredential  int // allocations; 0: 16, which one call with several interfaces does not reach
	PerIP          int // as MaxAllocations, of one IP address; 0: 64. IPv6: of one /64, and four times as many of one /48.

	Net    transport.Net // nil: the machine's. Its Interfaces are asked again and again for what must not be relayed to
	Logger *slog.Logger  // nil discards. No IP address or credential is logged.
}

func (c Config) withDefaults() Config {
	if c.MinPort == 0 {
		c.MinPort = 49152
	}
	if c.MaxPort == 0 {
		c.MaxPort = 65535
	}
	if c.Realm == "" {
		c.Realm = "sotto"
	}
	for _, d := range []struct {
		v *int
		d int
	}{{&c.MaxAllocations, 1000}, {&c.PerCredential, 16}, {&c.PerIP, 64}} {
		if *d.v <= 0 {
			*d.v = d.d
		}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// check reports all faults together.
func (c Config) check() error {
	var faults []error
	bad := func(is bool, text string) {
		if is {
			faults = append(faults, errors.New("turnserver: "+text))
		}
	}
	bad(c.Listen == "", "Config.Listen is required")
	bad(len(c.PublicIPs) == 0, "Config.PublicIPs is required")
	families := map[bool]int{}
	for _, ip := range c.PublicIPs {
		bad(!ip.IsValid() || ip.IsUnspecified() || ip.IsMulticast() || ip.Zone() != "", fmt.Sprintf("%v is no address that others could reach", ip))
		families[ip.Unmap().Is4()]++
	}
	bad(families[true] > 1 || families[false] > 1, "at most one IPv4 and one IPv6 address in Config.PublicIPs")
	bad(c.MinPort > c.MaxPort, "Config.MinPort is above MaxPort")
	bad(c.ListenTLS != "" && c.TLS == nil, "Config.ListenTLS needs Config.TLS")
	if err := turnrest.Check(c.Secret); err != nil {
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

// Format prints where the server listens, for every verb.
func (c Config) Format(s fmt.State, _ rune) {
	fmt.Fprintf(s, "turnserver %s, ports %d to %d", c.Listen, c.MinPort, c.MaxPort)
}

// LogValue is the same as Format.
func (c Config) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(c)) }

func hostPort(ip netip.Addr, port int) string {
	return net.JoinHostPort(ip.String(), fmt.Sprint(port))
}
