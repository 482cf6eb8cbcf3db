package signal

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

// Transport is one mailbox's connection to one relay, or a sender's that has no mailbox. The package comment says what
// it guarantees.
type Transport interface {
	// Send gives the packet to the relay. nil means that the relay stored it, or says that it did: see the package
	// comment. Errors wrap ErrTooLarge, ErrInvalid, ErrThrottled, ErrUnavailable, ErrClosed or the context's error.
	// The body is not kept after the return.
	Send(ctx context.Context, p Packet) error

	// Receive returns the next packet of the own mailbox and so acknowledges it. Without a mailbox it waits for ctx or
	// Close. The body belongs to the caller.
	Receive(ctx context.Context) (Packet, error)

	// Close ends the connection and every blocked call with ErrClosed. It is idempotent; further calls return nil.
	Close() error
}

// Opener is a Transport that can open further ones. Calls need it: each has a mailbox of its own.
type Opener interface {
	// Open connects the mailbox m to a relay: "" is the one that this transport talks to, everything else is the name
	// or URL that a contact's card carries. With m nil the result is a sender without a mailbox, on a connection of
	// its own. A mailbox opened so belongs to a call: the relay forgets it soon after its last reader has left. Cards are
	// written by others: whether their relays may be dialled, on this machine say, is for the caller to judge.
	Open(ctx context.Context, relay string, m Mailbox) (Transport, error)

	// Relay is the name or URL of the relay, as cards carry it.
	Relay() string
}

// Registrar is a Transport whose mailbox admits packets by token. Calls need it of every Transport with a mailbox.
type Registrar interface {
	// Admit tells the relay which tokens may write to the own mailbox: hashes of at most MaxTokens tokens, which
	// replace all earlier ones. With open true anybody may write, whatever the token. It returns when the relay has
	// taken it, and it is repeated by itself after each reconnection. Until the first Admit nobody may write.
	Admit(ctx context.Context, tokens [][32]byte, open bool) error
}

// ICEServerProvider is a Transport whose relay lends STUN and TURN servers to its users.
type ICEServerProvider interface {
	// ICEServers returns servers whose credentials stay valid for a call to be set up now. Ask again for each call.
	// The result is empty where the relay has none.
	ICEServers(ctx context.Context) ([]ICEServer, error)
}

// ICEServer is one STUN or TURN server, as in the W3C's RTCIceServer. Printed, it shows the URLs alone.
type ICEServer struct {
	URLs       []string // stun:host:port, turn:host:port?transport=udp, turns:…
	Username   string   // empty for STUN
	Credential string   // secret
	Expires    time.Time
}

// Format prints the URLs and when the credentials expire, for every verb.
func (s ICEServer) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "%q until %s", s.URLs, s.Expires.UTC().Format(time.RFC3339))
}

// LogValue is the same as Format.
func (s ICEServer) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(s)) }

// MarshalText is the same, for JSON logs of values that hold a server: they ask no LogValue.
func (s ICEServer) MarshalText() ([]byte, error) { return []byte(fmt.Sprint(s)), nil }
