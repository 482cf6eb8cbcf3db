package websocket

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/sotto-calls/sotto/internal/turnrest"
	"github.com/sotto-calls/sotto/signal/internal/store"
)

// RelayConfig configures a Relay. It is copied; printed, it shows no secret.
type RelayConfig struct {
	// Origins are the URLs by which clients dial the relay, path aside: wss://relay.example. A client signs the origin
	// that it dialled, and only these count; the Host header of a request never does. Required.
	Origins []string

	// ICE is what the relay lends to its users; the zero value is nothing.
	ICE ICE

	// Limits bound what clients can use; zero fields have defaults.
	Limits Limits

	// ClientIP says which IP address a request comes from; nil: the connection's. Behind a reverse proxy it must read
	// the header that the proxy sets, or all clients share one address's limits. TCP connections are then limited in all
	// alone: those of one client are the proxy's.
	ClientIP func(*http.Request) netip.Addr

	// MetricsToken opens /metrics to requests with "Authorization: Bearer <token>". Empty: only to loopback, and not
	// through a proxy. The counters name nobody, but on a small relay they show when somebody calls.
	MetricsToken string

	// Logger, nil discards. No IP address, mailbox or token is logged.
	Logger *slog.Logger
}

// ICE is a set of STUN and TURN servers.
type ICE struct {
	STUN     []string      // URLs
	TURN     []string      // URLs, for which short-lived credentials are made
	Secret   []byte        // shared with the TURN servers: coturn's static-auth-secret. At least 16 bytes if there is TURN.
	Lifetime time.Duration // of credentials; 0: one hour
}

// Limits of a relay. In each field zero means the default.
type Limits struct {
	Connections   int // in all; 10,000
	PerIP         int // connections of one IP address; 64. IPv6: of one /64, and four times as many of one /48.
	Mailboxes     int // 100,000
	Tokens        int // that all mailboxes admit; 1,000,000
	Readers       int // of one mailbox at a time; 8
	MailboxLength int // packets that one mailbox takes in a minute; 1,024
	Memory        int // bytes of all packets; 256 MiB

	// The quota of one token at one mailbox, in packets of 4 KiB: a burst and a rate a second; 512 and 8. A notice counts
	// as 32.
	TokenBurst, TokenRate float64

	// Frames of one IP address, as with PerIP: a burst and a rate a second; 2,000 and 100.
	FrameBurst, FrameRate float64

	Handshake time.Duration // to answer the challenge; 10 s
	Write     time.Duration // until a client that does not read is cut off; 10 s
	KeepAlive time.Duration // between pings; 20 s
}

func (l Limits) withDefaults() Limits {
	def(&l.Connections, 10_000)
	def(&l.PerIP, 64)
	s := store.Default()
	def(&l.Mailboxes, s.Mailboxes)
	def(&l.Tokens, s.Tokens)
	def(&l.Readers, s.Readers)
	def(&l.MailboxLength, s.Entries)
	def(&l.Memory, s.Total)
	def(&l.TokenBurst, s.QuotaBurst)
	def(&l.TokenRate, s.QuotaRate)
	def(&l.FrameBurst, 2000)
	def(&l.FrameRate, 100)
	def(&l.Handshake, 10*time.Second)
	def(&l.Write, 10*time.Second)
	def(&l.KeepAlive, 20*time.Second)
	return l
}

func def[T int | float64 | time.Duration](v *T, d T) {
	if *v <= 0 {
		*v = d
	}
}

func (l Limits) store() store.Limits {
	s := store.Default()
	s.Mailboxes, s.Tokens, s.Readers, s.Entries, s.Total = l.Mailboxes, l.Tokens, l.Readers, l.MailboxLength, l.Memory
	s.Bytes = min(l.MailboxLength, 1<<17) * (8 << 10) // a packet has 8 KiB on the average; 1 GiB at most
	s.QuotaBurst, s.QuotaRate = l.TokenBurst, l.TokenRate
	return s
}

// check reads the origins and reports everything that is wrong.
func (c *RelayConfig) check() (origins []string, err error) {
	var faults []error
	if len(c.Origins) == 0 {
		faults = append(faults, errors.New("websocket: RelayConfig.Origins is required"))
	}
	for _, o := range c.Origins {
		e, err := parseEndpoint(o)
		if err != nil {
			faults = append(faults, fmt.Errorf("origin: %w", err))
		}
		origins = append(origins, e.origin)
	}
	if len(c.ICE.TURN) > 0 {
		faults = append(faults, turnrest.Check(c.ICE.Secret))
	}
	all := serversFrame{Servers: c.ICE.entries("", "")}
	if !all.check() {
		faults = append(faults, errors.New("websocket: ICE URLs begin with stun:, stuns:, turn: or turns:; at most eight of each"))
	}
	return origins, errors.Join(faults...)
}

// entries are the servers as a frame carries them.
func (i ICE) entries(username, credential string) (e []serverEntry) {
	if len(i.STUN) > 0 {
		e = append(e, serverEntry{URLs: i.STUN})
	}
	if len(i.TURN) > 0 {
		e = append(e, serverEntry{URLs: i.TURN, Username: username, Credential: credential})
	}
	return e
}

// Format prints the URLs alone, for every verb.
func (i ICE) Format(s fmt.State, _ rune) { fmt.Fprintf(s, "stun %q turn %q", i.STUN, i.TURN) }

// LogValue is the same as Format.
func (i ICE) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(i)) }

// Format prints origins, servers and limits, for every verb.
func (c RelayConfig) Format(s fmt.State, _ rune) {
	fmt.Fprintf(s, "relay %q, %v, %+v", c.Origins, c.ICE, c.Limits)
}

// LogValue is the same as Format.
func (c RelayConfig) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(c)) }

func logger(l *slog.Logger) *slog.Logger {
	if l == nil {
		return slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	return l
}
