package main

import (
	"bytes"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"
)

// options are the flags as they are used.
type options struct {
	listen       string
	origins      []string
	tls          *tls.Config
	behindProxy  bool
	turn         string // host:port, or "off"
	turnTLS      string
	publicIPs    []netip.Addr
	minPort      uint16
	maxPort      uint16
	allow        []netip.Prefix
	secret       []byte
	metricsToken string
	level        slog.Level
}

const intro = `Usage: relay [flags]

Runs a relay and a TURN server. On another machine than loopback give it a name and a certificate:

  relay -listen :443 -origin wss://relay.example -tls-cert cert.pem -tls-key key.pem -public-ip 198.51.100.7

`

func parse(args []string, errs io.Writer) (*options, error) {
	o := &options{}
	f := flag.NewFlagSet("relay", flag.ContinueOnError)
	f.SetOutput(errs)
	f.Usage = func() {
		fmt.Fprint(errs, intro)
		f.PrintDefaults()
	}
	f.StringVar(&o.listen, "listen", "127.0.0.1:7000", "the relay's `address`")
	origin := f.String("origin", "", "the `URLs` by which clients dial the relay, separated by commas (default: from -listen)")
	cert := f.String("tls-cert", "", "`file` with the certificate, PEM")
	key := f.String("tls-key", "", "`file` with its key, PEM")
	f.BoolVar(&o.behindProxy, "behind-proxy", false, "take the client's IP address from the last X-Forwarded-For; only behind a proxy that sets it")
	f.StringVar(&o.turn, "turn", "", "the TURN server's `address` for UDP and TCP, or off (default: port 3478 on -listen's host)")
	f.StringVar(&o.turnTLS, "turn-tls", "", "`address` for TURN over TLS, with the same certificate (default: none)")
	public := f.String("public-ip", "", "the machine's public IP `addresses`, one of each family, separated by commas (default: from -listen)")
	ports := f.String("turn-ports", "49152-65535", "the `range` of relayed addresses")
	allow := f.String("turn-allow", "", "private `ranges` to relay to, as 10.0.0.0/8, separated by commas (default: none)")
	secret := f.String("turn-secret-file", "", "`file` with the secret to share with other TURN servers and restarts (default: a random one)")
	metrics := f.String("metrics-token-file", "", "`file` with the bearer token for /metrics (default: /metrics answers loopback alone)")
	verbose := f.Bool("v", false, "log more; IP addresses and tokens are never logged")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if f.NArg() > 0 {
		return nil, fmt.Errorf("there are flags only, and %.20q is none", f.Arg(0))
	}
	if *verbose {
		o.level = slog.LevelDebug
	}
	o.origins = list(*origin)
	var faults []error
	keep := func(err error) { faults = append(faults, err) }
	var err error
	o.tls, err = loadTLS(*cert, *key)
	keep(err)
	o.publicIPs, err = each(list(*public), netip.ParseAddr)
	keep(named("-public-ip", err))
	o.allow, err = each(list(*allow), netip.ParsePrefix)
	keep(named("-turn-allow", err))
	keep(o.parsePorts(*ports))
	o.secret, err = readSecret(*secret)
	keep(named("-turn-secret-file", err))
	token, err := readSecret(*metrics)
	keep(named("-metrics-token-file", err))
	o.metricsToken = string(token)
	if o.turnTLS != "" && o.tls == nil {
		keep(errors.New("-turn-tls needs -tls-cert and -tls-key"))
	}
	return o, errors.Join(faults...)
}

func named(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", name, err)
}

func list(s string) (parts []string) {
	for _, p := range strings.Split(s, ",") {
		if p = strings.TrimSpace(p); p != "" {
			parts = append(parts, p)
		}
	}
	return parts
}

func each[T any](texts []string, parse func(string) (T, error)) (out []T, err error) {
	for _, s := range texts {
		v, err := parse(s)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

func (o *options) parsePorts(s string) error {
	low, high, ok := strings.Cut(s, "-")
	a, err1 := strconv.ParseUint(low, 10, 16)
	b, err2 := strconv.ParseUint(high, 10, 16)
	if !ok || err1 != nil || err2 != nil || a == 0 || a > b {
		return fmt.Errorf("-turn-ports: %.20q is no range like 49152-65535", s)
	}
	o.minPort, o.maxPort = uint16(a), uint16(b)
	return nil
}

// readSecret reads a file without its last line break; nil for no file.
func readSecret(file string) ([]byte, error) {
	if file == "" {
		return nil, nil
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if b = bytes.TrimRight(b, "\r\n"); len(b) < 16 {
		return nil, errors.New("a secret has at least 16 bytes")
	}
	return b, nil
}

// addresses fills in what follows from where the relay listens.
func (o *options) addresses(at net.Addr) error {
	a, err := netip.ParseAddrPort(at.String())
	if err != nil {
		return err
	}
	host := a.Addr().Unmap()
	if host.IsUnspecified() && len(o.publicIPs) == 0 {
		if host, err = outward(); err != nil {
			return errors.New("-listen on all addresses of a machine without a default route needs -public-ip")
		}
	}
	if o.turn == "" {
		listenHost, _, _ := net.SplitHostPort(o.listen)
		o.turn = net.JoinHostPort(listenHost, "3478")
	}
	if len(o.publicIPs) == 0 {
		o.publicIPs = []netip.Addr{host}
	}
	if len(o.origins) == 0 {
		scheme := "ws"
		if o.tls != nil {
			scheme = "wss"
		}
		o.origins = []string{scheme + "://" + net.JoinHostPort(o.publicIPs[0].String(), strconv.Itoa(int(a.Port())))}
	}
	return nil
}

// outward is the address under which this machine speaks to others. Behind a NAT it is the inner one: -public-ip knows
// better. Nothing is sent.
func outward() (netip.Addr, error) {
	c, err := net.Dial("udp4", "192.0.2.1:9")
	if err != nil {
		return netip.Addr{}, err
	}
	defer c.Close()
	a, err := netip.ParseAddrPort(c.LocalAddr().String())
	return a.Addr(), err
}

// host is the name of the first origin.
func (o *options) host() string {
	u, err := url.Parse(o.origins[0])
	if err != nil {
		return ""
	}
	return u.Hostname()
}

func (o *options) loopback() bool {
	ip, err := netip.ParseAddr(o.host())
	return o.host() == "localhost" || err == nil && ip.IsLoopback()
}

// forwardedFor is the IP address that the proxy in front has seen: the last one, as the ones before it are the client's
// to invent.
func forwardedFor(q *http.Request) netip.Addr {
	all := strings.Split(strings.Join(q.Header.Values("X-Forwarded-For"), ","), ",")
	ip, _ := netip.ParseAddr(strings.TrimSpace(all[len(all)-1]))
	return ip
}
