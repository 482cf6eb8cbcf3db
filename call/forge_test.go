package call_test

import (
	"testing"
	"time"

	"github.com/sotto-calls/sotto/call/calltest"
	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/internal/wire"
	"github.com/sotto-calls/sotto/signal"
)

// What a contact may send that does not keep to the protocol: docs/PROTOCOL, "Invite", by hand.
type forgedBox struct {
	Ed25519 []byte `cbor:"1,keyasint"`
	HPKE    []byte `cbor:"2,keyasint"`
	Token   []byte `cbor:"3,keyasint"`
}

type forgedMedia struct {
	Send    uint8 `cbor:"1,keyasint"`
	Receive uint8 `cbor:"2,keyasint"`
}

type forgedInvite struct {
	Version     uint64      `cbor:"1,keyasint"`
	MLSSuite    uint16      `cbor:"2,keyasint"`
	SFrameSuite uint16      `cbor:"3,keyasint"`
	Box         forgedBox   `cbor:"4,keyasint"`
	Commitment  []byte      `cbor:"5,keyasint"`
	DTLS        []byte      `cbor:"6,keyasint"`
	Media       forgedMedia `cbor:"7,keyasint"`
	Name        string      `cbor:"8,keyasint,omitempty"`
	Offer       []byte      `cbor:"9,keyasint"`
}

// goodSuite is the MLS suite of calls.
const goodSuite = 3

// forge is an authentic Invite to the other side of from, with an offer that nobody can use.
func forge(t *testing.T, from *calltest.Side, id [32]byte, suite uint16) signal.Packet {
	t.Helper()
	card := e2ee.NewMailbox().Card()
	body, err := wire.Marshal(forgedInvite{Version: 1, MLSSuite: suite, SFrameSuite: 0xF001,
		Box:        forgedBox{card.Ed25519[:], card.HPKE, card.Token[:]},
		Commitment: make([]byte, 32), DTLS: make([]byte, 32), Media: forgedMedia{1, 1}, Offer: []byte("v=0")})
	check(t, err)
	to := from.Peer.ID.Box(from.Peer.Token)
	box, _, err := from.Identity.Seal(to, e2ee.Message{To: from.Peer.ID, Call: id, Time: time.Now(), Type: 1, Body: body})
	check(t, err)
	return signal.Packet{To: to.Address(), Token: signal.Token(to.Token), Body: box}
}
