package calltest

import (
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/hpke"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/internal/wire"
	"github.com/sotto-calls/sotto/signal"
	"github.com/sotto-calls/sotto/signal/signaltest"
)

// mallory runs the relay. Beside what the relay sees there is an identity of her own, to sign and seal with.
type mallory struct {
	cast     *Cast
	identity *e2ee.Identity
	seq      uint64
}

func newMallory(c *Cast) *mallory { return &mallory{cast: c, identity: e2ee.Generate(), seq: 1000} }

// box is a mailbox as the relay knows it: the owner's keys from when it was opened, the token from a packet to it.
func (m *mallory) box(p signal.Packet) (e2ee.Box, bool) {
	for _, s := range m.cast.Evil.Seen() {
		if s.What == signaltest.Opened && s.Mailbox == p.To {
			b, err := e2ee.NewBox(s.Ed25519, s.HPKE, p.Token[:])
			return b, err == nil
		}
	}
	return e2ee.Box{}, false
}

// isIdentity says whether a packet is to the mailbox of one of the two identities, and not to one of a call.
func (m *mallory) isIdentity(p signal.Packet) bool {
	return p.To == signal.AddressOf(m.cast.Alice.Identity.Mailbox()) || p.To == signal.AddressOf(m.cast.Bob.Identity.Mailbox())
}

// betrayed is the newest message of a type that one of the two has read, as a traitor would tell it: what the relay itself
// never learns. So the forgeries fail by signatures alone, and not because a random number could not be guessed.
func (m *mallory) betrayed(p *Person, typ uint64) (e2ee.Message, [32]byte, bool) {
	reads := p.Witness.Reads()
	for i := len(reads) - 1; i >= 0; i-- {
		if r := reads[i]; r.Message != nil && r.Message.Type == typ && r.Message.From != m.identity.Public() {
			return *r.Message, r.Hash, true
		}
	}
	return e2ee.Message{}, [32]byte{}, false
}

// own seals a message as Mallory.
func (m *mallory) own(to e2ee.Box, msg e2ee.Message) []byte {
	msg.Seq, msg.Time = m.number(msg.Type), time.Now()
	box, _, err := m.identity.Seal(to, msg)
	if err != nil {
		panic(err) // the message is ours
	}
	return box
}

// inTheNameOf seals a message that says to be from somebody else; the signature is Mallory's.
func (m *mallory) inTheNameOf(from e2ee.ID, to e2ee.Box, msg e2ee.Message) []byte {
	payload := must(wire.Marshal(payloadForm{From: from[:], To: msg.To[:], Call: msg.Call[:], Seq: m.number(msg.Type),
		Time: uint64(time.Now().UnixMilli()), Type: msg.Type, Body: msg.Body, Ref: msg.Ref}))
	sig := must(m.identity.Signer().Sign(rand.Reader, append([]byte("sotto/v1 message\x00"), payload...), &ed25519.Options{}))
	return seal(to, must(wire.Marshal(signedForm{Payload: payload, Sig: sig})))
}

// number is the next sequence number. Those of true messages are far below.
func (m *mallory) number(typ uint64) uint64 {
	if typ == typeInvite {
		return 0
	}
	m.seq++
	return m.seq
}

func hashOf(payload []byte) [32]byte { return sha256.Sum256(payload) }

// The forms of docs/PROTOCOL, section 2.
type (
	payloadForm struct {
		From []byte `cbor:"1,keyasint"`
		To   []byte `cbor:"2,keyasint"`
		Call []byte `cbor:"3,keyasint"`
		Seq  uint64 `cbor:"4,keyasint"`
		Time uint64 `cbor:"5,keyasint"`
		Type uint64 `cbor:"6,keyasint"`
		Body []byte `cbor:"7,keyasint"`
		Ref  []byte `cbor:"8,keyasint,omitempty"`
	}
	signedForm struct {
		_       struct{} `cbor:",toarray"`
		Payload []byte
		Sig     []byte
	}
)

// seal makes an envelope of bytes that package e2ee would not sign.
func seal(to e2ee.Box, signed []byte) []byte {
	plain := binary.BigEndian.AppendUint32(nil, uint32(len(signed)))
	plain = append(plain, signed...)
	for _, size := range []int{4096, 16384, 61440} {
		if len(plain) <= size {
			plain = append(plain, make([]byte, size-len(plain))...)
			break
		}
	}
	key := must(hpke.NewDHKEMPublicKey(must(ecdh.X25519().NewPublicKey(to.HPKE))))
	enc, sender, err := hpke.NewSender(key, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), []byte("sotto/v1 envelope"))
	if err != nil {
		panic(err)
	}
	address := to.Address()
	return append(append([]byte{1}, enc...), must(sender.Seal(address[:], plain))...)
}

// must is for what cannot fail with inputs of our own.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
