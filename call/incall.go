package call

import (
	"fmt"

	"github.com/sotto-calls/sotto/internal/wire"
)

// An inCallType is the type of a message inside the group: an MLS PrivateMessage whose sender is the verified leaf.
type inCallType uint64

const (
	inChat      inCallType = 1 // the body is the application's
	inMute      inCallType = 2
	inHold      inCallType = 3
	inDescribe  inCallType = 4
	inCandidate inCallType = 5
)

// inCallBody is the plaintext of every in-call message.
type inCallBody struct {
	Type inCallType `cbor:"1,keyasint"`
	Seq  uint64     `cbor:"2,keyasint"` // counts all messages of the sender from 1; the latest state wins
	Body []byte     `cbor:"3,keyasint"`
}

type muteBody struct {
	Ctx   uint16 `cbor:"1,keyasint"`
	Muted bool   `cbor:"2,keyasint"`
}

type holdBody struct {
	Held bool `cbor:"1,keyasint"`
}

// byeBody ends a call. It is an envelope, as Ack is: it must be sendable before the group is joined, and readable after
// the group has failed.
type byeBody struct {
	Reason uint8 `cbor:"1,keyasint"`
}

// describeBody renegotiates. N counts the offers of a call from 1; an answer has the number of its offer.
type describeBody struct {
	Kind    uint8    `cbor:"1,keyasint"` // describeOffer, describeAnswer or describeRefusal
	N       uint64   `cbor:"2,keyasint"`
	SDP     []byte   `cbor:"3,keyasint"`
	Streams []stream `cbor:"4,keyasint,omitempty"` // all that the sender of this description sends from now on
	Restart bool     `cbor:"5,keyasint,omitempty"`
}

const (
	describeOffer   = 1
	describeAnswer  = 2
	describeRefusal = 3 // the offer was refused or could not be used; the session stays as it was
)

func (b *inCallBody) check() error { return lengths(len(b.Body) <= maxMLS) }
func (b *muteBody) check() error   { return lengths(b.Ctx < 4096) }
func (b *holdBody) check() error   { return nil }
func (b *byeBody) check() error    { return lengths(b.Reason > 0) }
func (b *candidate) check() error  { return lengths(candidatesOK([]candidate{*b})) }

func (b *describeBody) check() error {
	return lengths(b.Kind >= describeOffer, b.Kind <= describeRefusal, b.N > 0, len(b.SDP) <= maxSDP, streamsOK(b.Streams))
}

// encode is for bodies of our own making, which always encode.
func encode(v any) []byte {
	b, err := wire.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("call: own message does not encode: %v", err))
	}
	return b
}
