package media

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Limits on what a peer may make us look at.
const (
	maxCandidates    = 32  // of one description; more are refused
	maxCandidateLine = 512 // bytes
)

// A candidateLine is a candidate:… attribute taken apart (RFC 8839, section 5.1). Extensions other than ufrag are dropped
// on reading and never written.
type candidateLine struct {
	foundation string
	priority   uint32
	address    string // an IP address, or an mDNS name
	port       uint16
	typ        string // host, srflx, prflx or relay
	ufrag      string
}

// parseCandidate reads one line and refuses what is not UDP, not component 1 or not well-formed.
func parseCandidate(line string) (candidateLine, error) {
	var c candidateLine
	if len(line) > maxCandidateLine {
		return c, fmt.Errorf("%w: longer than %d bytes", ErrCandidate, maxCandidateLine)
	}
	line = strings.TrimPrefix(strings.TrimPrefix(line, "a="), "candidate:")
	f := strings.Fields(line)
	if len(f) < 8 || f[6] != "typ" || len(f)%2 != 0 {
		return c, fmt.Errorf("%w: not a candidate line", ErrCandidate)
	}
	if f[1] != "1" || !strings.EqualFold(f[2], "udp") {
		return c, fmt.Errorf("%w: not component 1 over UDP", ErrCandidate)
	}
	priority, err := strconv.ParseUint(f[3], 10, 32)
	if err != nil {
		return c, fmt.Errorf("%w: priority", ErrCandidate)
	}
	port, err := strconv.ParseUint(f[5], 10, 16)
	if err != nil || port == 0 {
		return c, fmt.Errorf("%w: port", ErrCandidate)
	}
	c = candidateLine{foundation: f[0], priority: uint32(priority), address: f[4], port: uint16(port), typ: f[7]}
	for i := 8; i < len(f); i += 2 {
		if f[i] == "ufrag" {
			c.ufrag = f[i+1]
		}
	}
	return c, c.check()
}

// check refuses tokens that do not have the form that RFC 8839 gives them.
func (c candidateLine) check() error {
	switch c.typ {
	case "host", "srflx", "prflx", "relay":
	default:
		return fmt.Errorf("%w: type", ErrCandidate)
	}
	if len(c.foundation) > 32 || !iceChars(c.foundation) {
		return fmt.Errorf("%w: foundation", ErrCandidate)
	}
	if len(c.ufrag) > 256 || c.ufrag != "" && !iceChars(c.ufrag) {
		return fmt.Errorf("%w: ufrag", ErrCandidate)
	}
	if _, err := netip.ParseAddr(c.address); err != nil && !isMDNS(c.address) {
		return fmt.Errorf("%w: neither an IP address nor an mDNS name", ErrCandidate)
	}
	return nil
}

// String writes the line as it travels: with a related address that says nothing where the type asks for one (Firefox
// needs it), and without any other extension than ufrag.
func (c candidateLine) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "candidate:%s 1 udp %d %s %d typ %s", c.foundation, c.priority, c.address, c.port, c.typ)
	if c.typ != "host" {
		related := "0.0.0.0"
		if strings.Contains(c.address, ":") {
			related = "::"
		}
		fmt.Fprintf(&b, " raddr %s rport 9", related)
	}
	if c.ufrag != "" {
		b.WriteString(" ufrag " + c.ufrag)
	}
	return b.String()
}

// iceChars reports whether s consists of ice-char alone.
func iceChars(s string) bool {
	for i := 0; i < len(s); i++ {
		switch b := s[i]; {
		case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9', b == '+', b == '/':
		default:
			return false
		}
	}
	return s != ""
}

// isMDNS reports whether s has the form of a name that hides a host address: one label of hex and dashes under .local.
func isMDNS(s string) bool {
	label, ok := strings.CutSuffix(s, ".local")
	if !ok || len(label) == 0 || len(label) > 63 {
		return false
	}
	for i := 0; i < len(label); i++ {
		switch b := label[i]; {
		case 'a' <= b && b <= 'f', 'A' <= b && b <= 'F', '0' <= b && b <= '9', b == '-':
		default:
			return false
		}
	}
	return true
}

// outgoing rewrites a candidate of ours, so that it tells no more than it must, or refuses it. The foundation of the
// layer below is a checksum over an address, so it is hashed with a salt of the connection.
func (s Settings) outgoing(line, ufrag string, salt []byte) (string, error) {
	c, err := parseCandidate(line)
	if err != nil {
		return "", err
	}
	if s.RelayOnly && c.typ != "relay" {
		return "", fmt.Errorf("%w: a %s candidate in a relay-only call", ErrCandidate, c.typ)
	}
	if s.mdns() && c.typ == "host" && !isMDNS(c.address) {
		return "", fmt.Errorf("%w: a bare host address", ErrCandidate)
	}
	if addr, err := netip.ParseAddr(c.address); err == nil && !s.allows(addr) {
		return "", fmt.Errorf("%w: an address of no use to the peer", ErrCandidate)
	}
	sum := sha256.Sum256(append(append([]byte(nil), salt...), c.foundation...))
	c.foundation = hex.EncodeToString(sum[:4])
	c.ufrag = ufrag
	return c.String(), nil
}

// incoming checks a candidate of the peer and rewrites it for the layer below.
func (s Settings) incoming(line string) (candidateLine, error) {
	c, err := parseCandidate(line)
	if err != nil {
		return c, err
	}
	addr, err := netip.ParseAddr(c.address)
	if err != nil {
		if s.RelayOnly {
			return c, fmt.Errorf("%w: mDNS names are not resolved in a relay-only call", ErrCandidate)
		}
		return c, nil
	}
	if !s.allows(addr) {
		return c, fmt.Errorf("%w: address not allowed", ErrCandidate)
	}
	c.address = addr.Unmap().String()
	return c, nil
}

// allows reports whether an address may be that of a peer (protocol decision 10).
func (s Settings) allows(addr netip.Addr) bool {
	if addr.Zone() != "" {
		return false
	}
	addr = addr.Unmap()
	switch {
	case !addr.IsValid(), addr.IsUnspecified(), addr.IsMulticast():
		return false
	case addr.Is4() && (addr.As4()[0] == 0 || addr.As4()[0] >= 240):
		return false
	case addr.IsLoopback():
		return s.Loopback || s.LAN
	case addr.IsLinkLocalUnicast():
		return s.LAN
	}
	return true
}
