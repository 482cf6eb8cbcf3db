package calltest

import (
	"bytes"
	"crypto/rand"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/e2ee/mls"
	"github.com/sotto-calls/sotto/internal/wire"
)

// Bodies as docs/PROTOCOL, section 3, has them, as far as a forgery needs them.
type (
	boxForm struct {
		Ed25519 []byte `cbor:"1,keyasint"`
		HPKE    []byte `cbor:"2,keyasint"`
		Token   []byte `cbor:"3,keyasint"`
	}
	kindsForm struct {
		Send    uint8 `cbor:"1,keyasint"`
		Receive uint8 `cbor:"2,keyasint"`
	}
	inviteForm struct {
		Version     uint64    `cbor:"1,keyasint"`
		MLSSuite    uint16    `cbor:"2,keyasint"`
		SFrameSuite uint16    `cbor:"3,keyasint"`
		Box         boxForm   `cbor:"4,keyasint"`
		Commitment  []byte    `cbor:"5,keyasint"`
		DTLS        []byte    `cbor:"6,keyasint"`
		Media       kindsForm `cbor:"7,keyasint"`
		Name        string    `cbor:"8,keyasint,omitempty"`
		Offer       []byte    `cbor:"9,keyasint"`
	}
	streamForm struct {
		Ctx   uint16 `cbor:"1,keyasint"`
		MID   string `cbor:"2,keyasint"`
		RID   string `cbor:"3,keyasint,omitempty"`
		Kind  uint8  `cbor:"4,keyasint"`
		Codec string `cbor:"5,keyasint"`
	}
	candidateForm struct {
		MID  string `cbor:"1,keyasint"`
		Line string `cbor:"2,keyasint"`
	}
	acceptForm struct {
		Box        boxForm         `cbor:"1,keyasint"`
		KeyPackage []byte          `cbor:"2,keyasint"`
		Nonce      []byte          `cbor:"3,keyasint"`
		Answer     []byte          `cbor:"4,keyasint"`
		Streams    []streamForm    `cbor:"5,keyasint,omitempty"`
		Candidates []candidateForm `cbor:"6,keyasint,omitempty"`
	}
	welcomeForm struct {
		Welcome []byte `cbor:"1,keyasint"`
		Nonce   []byte `cbor:"2,keyasint"`
	}
	ackForm struct {
		Epoch uint64 `cbor:"1,keyasint"`
		Auth  []byte `cbor:"2,keyasint"`
		Got   bool   `cbor:"3,keyasint"`
	}
)

// answers are what Mallory would say in a call: all with keys and a fingerprint of hers.
func (m *mallory) answers(id, hInvite [32]byte) []e2ee.Message {
	box, dtls := e2ee.NewMailbox().Card(), random()
	here := boxForm{box.Ed25519[:], box.HPKE, box.Token[:]}
	kp, _, err := mls.NewKeyPackage(m.member(binding(dtls, hInvite, box)))
	if err != nil {
		panic(err)
	}
	out := []e2ee.Message{
		{Type: typeRinging, Body: must(wire.Marshal(struct {
			Box boxForm `cbor:"1,keyasint"`
		}{here})), Ref: hInvite[:]},
		{Type: typeAccept, Ref: hInvite[:], Body: must(wire.Marshal(acceptForm{Box: here, KeyPackage: kp.Marshal(),
			Nonce: random(), Answer: []byte("v=0\r\na=fingerprint:sha-256 " + colons(dtls) + "\r\n")}))},
		{Type: typeDecline, Body: number(1, 2), Ref: hInvite[:]},
	}
	if accept, ref, ok := m.betrayed(m.cast.Alice, typeAccept); ok {
		if w := m.welcome(id, accept.Body, dtls, box); w != nil {
			out = append(out, e2ee.Message{Type: typeWelcome, Ref: ref[:], Body: w})
		}
		out = append(out, e2ee.Message{Type: typeAck, Ref: ref[:], Body: must(wire.Marshal(ackForm{1, random(), false}))},
			e2ee.Message{Type: typeBye, Ref: ref[:], Body: number(1, 1)})
	}
	for i := range out {
		out[i].Call = id
	}
	return out
}

// welcome is a group of Mallory's to which she adds Bob, by the KeyPackage of his Accept.
func (m *mallory) welcome(id [32]byte, accept, dtls []byte, box e2ee.Box) []byte {
	var a acceptForm
	if wire.Unmarshal(accept, &a, e2ee.MaxBody) != nil {
		return nil
	}
	kp, err := mls.ParseKeyPackage(a.KeyPackage)
	if err != nil {
		return nil
	}
	g := must(mls.NewGroup(id[:], m.member(binding(dtls, [32]byte{}, box))))
	defer g.Destroy()
	c, err := g.Commit(mls.CommitOptions{Proposals: []mls.Proposal{mls.Add(kp)}})
	if err != nil {
		return nil // it was Mallory's own, and was believed to be Bob's: the verdict will say so
	}
	return must(wire.Marshal(welcomeForm{c.Welcome, random()}))
}

// member is Mallory as a member of a group.
func (m *mallory) member(ext mls.Extension) mls.Config {
	id := m.identity.Public()
	caps := mls.NewCapabilities(mls.X25519ChaCha, ext.Type)
	return mls.Config{Suite: mls.X25519ChaCha, Signer: m.identity.Signer(), Credential: mls.BasicCredential(id[:]),
		Capabilities: &caps, LeafExtensions: []mls.Extension{ext},
		Authenticate: func(mls.Credential, []byte) error { return nil }}
}

// binding is the leaf extension of docs/PROTOCOL, section 5.
func binding(dtls []byte, invite [32]byte, box e2ee.Box) mls.Extension {
	d := bytes.Join([][]byte{{1}, dtls, invite[:], box.Ed25519[:], {byte(len(box.HPKE))}, box.HPKE, box.Token[:]}, nil)
	return mls.Extension{Type: 0xF5A1, Data: d}
}

// swapInvite is a true Invite with Mallory's mailbox and fingerprint.
func (m *mallory) swapInvite(body []byte) []byte {
	var v inviteForm
	if wire.Unmarshal(body, &v, e2ee.MaxBody) != nil {
		return body
	}
	box := e2ee.NewMailbox().Card()
	v.Box, v.DTLS = boxForm{box.Ed25519[:], box.HPKE, box.Token[:]}, random()
	return must(wire.Marshal(v))
}

func random() []byte {
	b := make([]byte, 32)
	rand.Read(b)
	return b
}

// number is the body {key: v} with both below 24.
func number(key, v byte) []byte { return []byte{0xa1, key, v} }

// colons writes a fingerprint as SDP does.
func colons(b []byte) string {
	const digits = "0123456789ABCDEF"
	var out []byte
	for i, c := range b {
		if i > 0 {
			out = append(out, ':')
		}
		out = append(out, digits[c>>4], digits[c&15])
	}
	return string(out)
}
