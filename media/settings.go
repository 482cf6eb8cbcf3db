package media

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/pion/transport/v4"
)

// An ICEServer is a STUN or TURN server of our own: a server that a peer names is never used.
type ICEServer struct {
	URLs       []string // "stun:host:port", "turn:host:port?transport=udp", "turns:…"
	Username   string   // TURN only
	Credential string   // TURN only
}

// Format prints the URLs and never the credential, whatever the verb.
func (s ICEServer) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "ICEServer%q", s.URLs) }

// LogValue keeps the credential out of logs.
func (s ICEServer) LogValue() slog.Value { return slog.StringValue(strings.Join(s.URLs, " ")) }

// MarshalText keeps the credential out of JSON, and so out of logs of values that hold a server: they ask no LogValue.
func (s ICEServer) MarshalText() ([]byte, error) { return []byte(strings.Join(s.URLs, " ")), nil }

// Settings say how a connection finds its way through the network. The zero value is a call over the internet between
// hosts whose local addresses stay hidden behind mDNS names, without any STUN or TURN server; package call adds those
// that its relays lend.
type Settings struct {
	// ICEServers are asked for server-reflexive and relay candidates.
	ICEServers []ICEServer

	// RelayOnly uses relay candidates alone: the peer learns the address of the TURN server and nothing else. It needs a
	// TURN server. Host and reflexive candidates are never gathered, and mDNS names of the peer never resolved.
	RelayOnly bool

	// LAN is for a call inside one local network: host addresses are sent as they are (no mDNS names), and link-local
	// and loopback addresses of the peer are accepted.
	LAN bool

	// Loopback is for programs on one machine, with or without any network: candidates are gathered on the loopback
	// interface alone (with LAN too, on all), loopback addresses of the peer are accepted, and no mDNS is spoken. Both
	// sides need it. It is how tests, and a first try on a machine without a network, make a real call.
	Loopback bool

	// VideoCodecs are the video codecs that may be sent and received, the one to prefer first; empty: all, VP8 first. A
	// peer that offers chooses the order itself; one whose video has none of them is refused with ErrCodec. Sound is Opus,
	// and G.711 as the floor.
	VideoCodecs []Codec

	// RED sends each Opus frame a second time with the next one (audio/red, RFC 2198), to a peer that takes it: sound that
	// loses single packets stays whole without a round trip, for twice the bytes. What the peer sends is its own choice.
	RED bool

	// Net is the network to use; nil is the machine's. A virtual network has no multicast, so with it host addresses are
	// sent as they are.
	Net transport.Net

	// Logger gets what the connection and the layers below it have to say; nil discards. No key, SDP or address is
	// logged above debug level.
	Logger *slog.Logger
}

// validate reports every fault of s at once.
func (s Settings) validate() error {
	var errs []error
	turn := false
	for i, server := range s.ICEServers {
		if len(server.URLs) == 0 {
			errs = append(errs, fmt.Errorf("media: ICE server %d has no URL", i))
		}
		for _, u := range server.URLs {
			turn = turn || strings.HasPrefix(u, "turn:") || strings.HasPrefix(u, "turns:")
		}
	}
	if s.RelayOnly && !turn {
		errs = append(errs, errors.New("media: RelayOnly needs a TURN server"))
	}
	if s.RelayOnly && s.LAN {
		errs = append(errs, errors.New("media: RelayOnly and LAN exclude each other"))
	}
	for i, codec := range s.VideoCodecs {
		if r := ruleOf(codec); r == nil || r.kind != Video || slices.Contains(s.VideoCodecs[:i], codec) {
			errs = append(errs, fmt.Errorf("%w: video codec %d is %q, it must be one of %v, once", ErrCodec, i, codec, codecsOf(Video)))
		}
	}
	return errors.Join(errs...)
}

// rules are those of the codecs that may be used, in the order of preference.
func (s Settings) rules() []*rule {
	if len(s.VideoCodecs) == 0 {
		return rules
	}
	use := slices.DeleteFunc(slices.Clone(rules), func(r *rule) bool { return r.kind == Video })
	for _, codec := range s.VideoCodecs {
		use = append(use, ruleOf(codec))
	}
	return use
}

// codecs are the video codecs that may be used.
func (s Settings) codecs() []Codec {
	if len(s.VideoCodecs) > 0 {
		return s.VideoCodecs
	}
	return codecsOf(Video)
}

// mdns reports whether host candidates hide behind mDNS names.
func (s Settings) mdns() bool { return !s.RelayOnly && !s.LAN && !s.Loopback && s.Net == nil }

// Format says how many servers there are, under every verb: their credentials are in it.
func (s Settings) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "media.Settings(%d servers)", len(s.ICEServers))
}

// LogValue is what Format prints.
func (s Settings) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(s)) }

// withLogger fills in a logger that discards.
func (s Settings) withLogger() Settings {
	if s.Logger == nil {
		s.Logger = slog.New(slog.DiscardHandler)
	}
	return s
}
