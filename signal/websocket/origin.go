package websocket

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
)

// defaultPath is where a relay listens unless the URL names a path.
const defaultPath = "/v1"

// ErrInsecure: ws:// to another machine would let the network read who calls whom, and hand out TURN credentials.
var ErrInsecure = errors.New("websocket: ws:// is for loopback only, use wss://")

// endpoint is a relay's URL, normalised.
type endpoint struct {
	url    string // for dialling and for cards
	origin string // scheme://host:port, lower case, the port always there: what a challenge is signed for
	plain  bool   // ws to a host that is not loopback
}

// parseEndpoint reads a relay's URL. The error does not repeat it: a URL may hold a password.
func parseEndpoint(raw string) (endpoint, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return endpoint{}, errors.New("websocket: a relay's URL is wss://host[:port][/path]")
	}
	u.Scheme, u.Host = strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	port := map[string]string{"wss": "443", "ws": "80"}[u.Scheme]
	if port == "" {
		return endpoint{}, fmt.Errorf("websocket: a relay's URL begins with wss:// or ws://, not %.10q", u.Scheme)
	}
	host := u.Hostname()
	if host == "" || !ascii(host) {
		return endpoint{}, errors.New("websocket: the relay's host name must be ASCII (punycode for others)")
	}
	if p := u.Port(); p != "" {
		port = p
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = defaultPath
	}
	return endpoint{
		url:    u.String(),
		origin: u.Scheme + "://" + net.JoinHostPort(host, port),
		plain:  u.Scheme == "ws" && !loopback(host),
	}, nil
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return len(s) <= 253
}
