package websocket

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sotto-calls/sotto/internal/wire"
	"github.com/sotto-calls/sotto/signal"
)

// A frame is one binary WebSocket message: a byte that names its kind, then a CBOR map with integer keys. The
// subprotocol carries the version; docs/design/03-relay.md has the CDDL.
const (
	subprotocol  = "sotto.relay.v1"
	version      = 1
	maxFrame     = signal.MaxBody + 512 // bytes
	idSize       = 16
	maxHPKEKey   = 2048 // bytes; X25519 has 32, the hybrid with ML-KEM-768 1216
	maxServers   = 16
	maxURLs      = 8
	maxURLLength = 256
)

// Kinds of frames. Those below 0x10 belong to the handshake.
const (
	kindChallenge = 0x01 // relay: sign this
	kindHello     = 0x02 // client: who I am
	kindReady     = 0x03 // relay: go on

	kindSend    = 0x10 // client: a packet
	kindResult  = 0x11 // relay: what became of a send or admit
	kindDeliver = 0x12 // relay: a packet of your mailbox
	kindAck     = 0x13 // client: I have had it

	kindAdmit   = 0x20 // client: tokens that may write to my mailbox
	kindAsk     = 0x21 // client: ICE servers, please
	kindServers = 0x22 // relay: here they are
)

// Codes of a result.
const (
	codeTaken     = 0
	codeThrottled = 1
	codeFull      = 2
	codeRefused   = 3 // what a client without a mailbox may not ask
	lastCode      = codeRefused
)

// errFrame is wrapped by errors about bytes that are no frame.
var errFrame = errors.New("websocket: malformed frame")

type frame interface {
	kind() byte
	check() bool // lengths and ranges, after decoding
}

type challengeFrame struct {
	Version   uint64 `cbor:"1,keyasint"`
	Challenge []byte `cbor:"2,keyasint"`
}

// helloFrame without keys is a sender's.
type helloFrame struct {
	Version   uint64 `cbor:"1,keyasint"`
	Ed25519   []byte `cbor:"2,keyasint,omitempty"`
	HPKE      []byte `cbor:"3,keyasint,omitempty"`
	Signature []byte `cbor:"4,keyasint,omitempty"`
	Reader    []byte `cbor:"5,keyasint,omitempty"` // random, constant over reconnections
	Keep      uint64 `cbor:"6,keyasint,omitempty"` // seconds that the mailbox outlives its last reader
}

type readyFrame struct {
	Version uint64 `cbor:"1,keyasint"`
}

type sendFrame struct {
	N     uint64 `cbor:"1,keyasint"`
	ID    []byte `cbor:"2,keyasint"`
	To    []byte `cbor:"3,keyasint"`
	Token []byte `cbor:"4,keyasint"`
	Body  []byte `cbor:"5,keyasint"`
	Class uint64 `cbor:"6,keyasint,omitempty"`
}

type resultFrame struct {
	N    uint64 `cbor:"1,keyasint"`
	Code uint64 `cbor:"2,keyasint"`
}

type deliverFrame struct {
	ID    []byte `cbor:"1,keyasint"`
	Token []byte `cbor:"2,keyasint"`
	Body  []byte `cbor:"3,keyasint"`
	Class uint64 `cbor:"4,keyasint,omitempty"`
}

type ackFrame struct {
	ID []byte `cbor:"1,keyasint"`
}

type admitFrame struct {
	N      uint64 `cbor:"1,keyasint"`
	Hashes []byte `cbor:"2,keyasint"` // 32 bytes each, one after the other
	Open   bool   `cbor:"3,keyasint,omitempty"`
}

type askFrame struct {
	N uint64 `cbor:"1,keyasint"`
}

type serversFrame struct {
	N       uint64        `cbor:"1,keyasint"`
	Seconds uint64        `cbor:"2,keyasint"` // that the credentials are valid from now
	Servers []serverEntry `cbor:"3,keyasint"`
}

type serverEntry struct {
	URLs       []string `cbor:"1,keyasint"`
	Username   string   `cbor:"2,keyasint,omitempty"`
	Credential string   `cbor:"3,keyasint,omitempty"`
}

func (*challengeFrame) kind() byte { return kindChallenge }
func (*helloFrame) kind() byte     { return kindHello }
func (*readyFrame) kind() byte     { return kindReady }
func (*sendFrame) kind() byte      { return kindSend }
func (*resultFrame) kind() byte    { return kindResult }
func (*deliverFrame) kind() byte   { return kindDeliver }
func (*ackFrame) kind() byte       { return kindAck }
func (*admitFrame) kind() byte     { return kindAdmit }
func (*askFrame) kind() byte       { return kindAsk }
func (*serversFrame) kind() byte   { return kindServers }

func (f *challengeFrame) check() bool { return f.Version == version && len(f.Challenge) == 32 }
func (f *readyFrame) check() bool     { return f.Version == version }
func (f *resultFrame) check() bool    { return f.Code <= lastCode }
func (f *ackFrame) check() bool       { return len(f.ID) == idSize }
func (f *askFrame) check() bool       { return true }

func (f *helloFrame) check() bool {
	if f.Version != version {
		return false
	}
	if f.sender() {
		return len(f.HPKE)+len(f.Signature)+len(f.Reader) == 0 && f.Keep == 0
	}
	return len(f.Ed25519) == 32 && len(f.HPKE) > 0 && len(f.HPKE) <= maxHPKEKey && len(f.Signature) == 64 && len(f.Reader) == idSize
}

// sender reports whether the client has no mailbox.
func (f *helloFrame) sender() bool { return len(f.Ed25519) == 0 }

func (f *sendFrame) check() bool {
	return len(f.ID) == idSize && len(f.To) == 32 && len(f.Token) == 16 && bodyFits(f.Class, f.Body)
}

func (f *deliverFrame) check() bool {
	return len(f.ID) == idSize && len(f.Token) == 16 && bodyFits(f.Class, f.Body)
}

func bodyFits(class uint64, body []byte) bool {
	return class <= uint64(signal.ClassNotice) && signal.Packet{Class: signal.Class(class), Body: body}.Check() == nil
}

func (f *admitFrame) check() bool {
	return len(f.Hashes)%32 == 0 && len(f.Hashes) <= 32*signal.MaxTokens
}

func (f *serversFrame) check() bool {
	if len(f.Servers) > maxServers || f.Seconds > 1<<31 {
		return false
	}
	for _, s := range f.Servers {
		if len(s.URLs) == 0 || len(s.URLs) > maxURLs || len(s.Username) > maxURLLength || len(s.Credential) > maxURLLength {
			return false
		}
		for _, u := range s.URLs {
			scheme, _, _ := strings.Cut(u, ":")
			if len(u) > maxURLLength || scheme != "stun" && scheme != "stuns" && scheme != "turn" && scheme != "turns" {
				return false
			}
		}
	}
	return true
}

// encode writes a frame. Our own frames can always be written.
func encode(f frame) []byte {
	b, err := wire.Marshal(f)
	if err != nil {
		panic(err)
	}
	return append([]byte{f.kind()}, b...)
}

// decode reads a frame of any kind from bytes of any origin.
func decode(data []byte) (frame, error) {
	if len(data) == 0 || len(data) > maxFrame {
		return nil, fmt.Errorf("%w: %d bytes", errFrame, len(data))
	}
	f := blank(data[0])
	if f == nil {
		return nil, fmt.Errorf("%w: kind %#x", errFrame, data[0])
	}
	if err := wire.Unmarshal(data[1:], f, maxFrame); err != nil {
		return nil, fmt.Errorf("%w: kind %#x: %w", errFrame, data[0], err)
	}
	if !f.check() {
		return nil, fmt.Errorf("%w: kind %#x: a field is out of its bounds", errFrame, data[0])
	}
	return f, nil
}

func blank(kind byte) frame {
	switch kind {
	case kindChallenge:
		return new(challengeFrame)
	case kindHello:
		return new(helloFrame)
	case kindReady:
		return new(readyFrame)
	case kindSend:
		return new(sendFrame)
	case kindResult:
		return new(resultFrame)
	case kindDeliver:
		return new(deliverFrame)
	case kindAck:
		return new(ackFrame)
	case kindAdmit:
		return new(admitFrame)
	case kindAsk:
		return new(askFrame)
	case kindServers:
		return new(serversFrame)
	}
	return nil
}
