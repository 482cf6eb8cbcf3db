package call

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"

	"github.com/sotto-calls/sotto/internal/wire"
)

// A hash is H of a signed payload, as received: what a later message refers to.
type hash [sha256.Size]byte

// A messageType is the type of a signed payload (docs/PROTOCOL, "Messages").
type messageType uint64

const (
	msgInvite  messageType = 1
	msgRinging messageType = 2
	msgAccept  messageType = 3
	msgDecline messageType = 4
	msgCancel  messageType = 5
	msgWelcome messageType = 6
	msgAck     messageType = 7
	msgRejoin  messageType = 8 // reserved: calls of more than two
	msgInCall  messageType = 9 // the body is an MLS message
	msgBye     messageType = 10
)

var messageNames = map[messageType]string{msgInvite: "Invite", msgRinging: "Ringing", msgAccept: "Accept",
	msgDecline: "Decline", msgCancel: "Cancel", msgWelcome: "Welcome", msgAck: "Ack", msgRejoin: "Rejoin",
	msgInCall: "InCall", msgBye: "Bye"}

func (t messageType) String() string {
	if s, ok := messageNames[t]; ok {
		return s
	}
	return fmt.Sprintf("message(%d)", uint64(t))
}

// Limits on what a message holds.
const (
	maxSDP        = 16 << 10 // an offer or an answer, bytes
	maxName       = 128      // a self-asserted name, bytes of UTF-8
	maxKeyPackage = 4 << 10
	maxMLS        = 24 << 10 // an MLS Welcome or message
	maxCandidates = 32       // of one side, of one ICE session
	maxCandidate  = 512      // one candidate line
	maxStreams    = 16       // of one side
	maxBody       = 60 << 10 // any body; the envelope's own limit is near
	maxChat       = 16 << 10 // an in-call message
	nonceSize     = 32
)

// protocolVersion is Invite's "ver".
const protocolVersion = 1

// boxBody is a call mailbox as it travels.
type boxBody struct {
	Ed25519 []byte `cbor:"1,keyasint"`
	HPKE    []byte `cbor:"2,keyasint"`
	Token   []byte `cbor:"3,keyasint"`
}

// wanted says which kinds of media the caller would send and take: bit 0 audio, bit 1 video.
type wanted struct {
	Send    uint8 `cbor:"1,keyasint"`
	Receive uint8 `cbor:"2,keyasint"`
}

type inviteBody struct {
	Version     uint64  `cbor:"1,keyasint"`
	MLSSuite    uint16  `cbor:"2,keyasint"`
	SFrameSuite uint16  `cbor:"3,keyasint"`
	Box         boxBody `cbor:"4,keyasint"`
	Commitment  []byte  `cbor:"5,keyasint"`
	DTLS        []byte  `cbor:"6,keyasint"`
	Media       wanted  `cbor:"7,keyasint"`
	Name        string  `cbor:"8,keyasint,omitempty"`
	Offer       []byte  `cbor:"9,keyasint"`            // opaque until the local accept
	Late        bool    `cbor:"10,keyasint,omitempty"` // this side loses media that comes before its Ack
}

type ringingBody struct {
	Box boxBody `cbor:"1,keyasint"`
}

// stream declares one encoder output (protocol.md, SFrame): its ctx, where it travels, what it is.
type stream struct {
	Ctx   uint16 `cbor:"1,keyasint"`
	MID   string `cbor:"2,keyasint"`
	RID   string `cbor:"3,keyasint,omitempty"`
	Kind  uint8  `cbor:"4,keyasint"`
	Codec string `cbor:"5,keyasint"`
}

type candidate struct {
	MID  string `cbor:"1,keyasint"`
	Line string `cbor:"2,keyasint"` // as after "a="
}

type acceptBody struct {
	Box        boxBody     `cbor:"1,keyasint"`
	KeyPackage []byte      `cbor:"2,keyasint"`
	Nonce      []byte      `cbor:"3,keyasint"`
	Answer     []byte      `cbor:"4,keyasint"`
	Streams    []stream    `cbor:"5,keyasint,omitempty"`
	Candidates []candidate `cbor:"6,keyasint,omitempty"`
	Late       bool        `cbor:"7,keyasint,omitempty"` // as in inviteBody
}

type declineBody struct {
	Reason       uint8    `cbor:"1,keyasint"`
	MLSSuites    []uint16 `cbor:"2,keyasint,omitempty"`
	SFrameSuites []uint16 `cbor:"3,keyasint,omitempty"`
}

type cancelBody struct {
	Reason uint8  `cbor:"1,keyasint"`
	Winner []byte `cbor:"2,keyasint,omitempty"` // H(Accept or Decline payload) of the reader that took the call
}

type welcomeBody struct {
	Welcome    []byte      `cbor:"1,keyasint"`
	Nonce      []byte      `cbor:"2,keyasint"`
	Streams    []stream    `cbor:"3,keyasint,omitempty"`
	Candidates []candidate `cbor:"4,keyasint,omitempty"`
}

// ackBody acknowledges an epoch. Got says that the sender holds the other's Ack of the same epoch: an Ack without it is
// answered at once, so that a lost one heals.
type ackBody struct {
	Epoch         uint64 `cbor:"1,keyasint"`
	Authenticator []byte `cbor:"2,keyasint"`
	Got           bool   `cbor:"3,keyasint"`
}

// body is what every decoded message can say of itself: whether its lengths and numbers are in range.
type body interface{ check() error }

// decode reads a body of at most limit bytes, strictly: in the one encoding that it has, with no field missing.
func decode[B any, P interface {
	*B
	body
}](data []byte, limit int) (B, error) {
	var b B
	if err := wire.Unmarshal(data, &b, limit); err != nil {
		return b, fmt.Errorf("%w: %w", errBadMessage, err)
	}
	if err := P(&b).check(); err != nil {
		return b, fmt.Errorf("%w: %w", errBadMessage, err)
	}
	if !bytes.Equal(encode(b), data) {
		return b, fmt.Errorf("%w: %T is not deterministic CBOR, or lacks a field", errBadMessage, b)
	}
	return b, nil
}

func lengths(ok ...bool) error {
	for _, b := range ok {
		if !b {
			return errors.New("a field is too long, too short or out of range")
		}
	}
	return nil
}

func (b *boxBody) ok() bool {
	return len(b.Ed25519) == 32 && (len(b.HPKE) == 32 || len(b.HPKE) == 1216) && len(b.Token) == 16
}

func (b *inviteBody) check() error {
	return lengths(b.Box.ok(), len(b.Commitment) == sha256.Size, len(b.DTLS) == sha256.Size,
		b.Media.Send <= 3, b.Media.Receive <= 3, len(b.Name) <= maxName, len(b.Offer) > 0, len(b.Offer) <= maxSDP)
}

func (b *ringingBody) check() error { return lengths(b.Box.ok()) }

func (b *acceptBody) check() error {
	return lengths(b.Box.ok(), len(b.KeyPackage) > 0, len(b.KeyPackage) <= maxKeyPackage, len(b.Nonce) == nonceSize,
		len(b.Answer) > 0, len(b.Answer) <= maxSDP, streamsOK(b.Streams), candidatesOK(b.Candidates))
}

func (b *declineBody) check() error {
	return lengths(b.Reason > 0, len(b.MLSSuites) <= 16, len(b.SFrameSuites) <= 16)
}

func (b *cancelBody) check() error {
	return lengths(b.Reason > 0, len(b.Winner) == 0 || len(b.Winner) == sha256.Size)
}

func (b *welcomeBody) check() error {
	return lengths(len(b.Welcome) > 0, len(b.Welcome) <= maxMLS, len(b.Nonce) == nonceSize, streamsOK(b.Streams),
		candidatesOK(b.Candidates))
}

func (b *ackBody) check() error {
	return lengths(b.Epoch < math.MaxInt64, len(b.Authenticator) == sha256.Size)
}

func streamsOK(s []stream) bool {
	for _, s := range s {
		if s.Ctx >= 4096 || len(s.MID) == 0 || len(s.MID) > 16 || len(s.RID) > 16 || s.Kind < 1 || s.Kind > 2 || len(s.Codec) > 16 {
			return false
		}
	}
	return len(s) <= maxStreams
}

func candidatesOK(c []candidate) bool {
	for _, c := range c {
		if len(c.MID) > 16 || len(c.Line) > maxCandidate {
			return false
		}
	}
	return len(c) <= maxCandidates
}
