package call

import (
	"bytes"
	"testing"

	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/e2ee/mls"
	"github.com/sotto-calls/sotto/internal/wire"
)

// seeds are one honest body of each kind.
func seeds() [][]byte {
	box := boxOf(e2ee.NewMailbox().Card())
	h := random()
	streams := []stream{{Ctx: 0, MID: "0", Kind: 1, Codec: "opus"}, {Ctx: 1, MID: "1", RID: "q", Kind: 2, Codec: "VP8"}}
	candidates := []candidate{hostCandidate("9.9.9.9", 9), {MID: "1"}}
	bodies := []any{
		inviteBody{Version: 1, MLSSuite: 3, SFrameSuite: 0xF001, Box: box, Commitment: h[:], DTLS: h[:], Media: wanted{3, 1}, Name: "n", Offer: []byte("v=0"), Late: true},
		ringingBody{box}, acceptBody{Box: box, KeyPackage: h[:], Nonce: h[:], Answer: []byte("v=0"), Streams: streams, Candidates: candidates},
		welcomeBody{Welcome: h[:], Nonce: h[:], Streams: streams, Candidates: candidates},
		declineBody{Reason: 8, MLSSuites: mlsSuites, SFrameSuites: sframeSuites}, cancelBody{Reason: 6, Winner: h[:]},
		ackBody{Epoch: 1, Authenticator: h[:], Got: true}, byeBody{1}, inCallBody{Type: inChat, Seq: 1, Body: []byte("hello")},
		muteBody{1, true}, holdBody{true}, candidates[0], describeBody{Kind: describeOffer, N: 1, SDP: []byte("v=0"), Streams: streams, Restart: true},
	}
	out := make([][]byte, len(bodies))
	for i, b := range bodies {
		out[i] = encode(b)
	}
	return out
}

// taken decodes a body, and asserts that what is taken is in bounds and has this one encoding.
func taken[B any, P interface {
	*B
	body
}](t *testing.T, data []byte) {
	t.Helper()
	b, err := decode[B, P](data, maxBody)
	if err != nil {
		return
	}
	if err := P(&b).check(); err != nil {
		t.Errorf("%T out of bounds was taken: %v", b, err)
	}
	again, err := wire.Marshal(b)
	if err != nil {
		t.Fatalf("%T: %v", b, err)
	}
	if !bytes.Equal(again, data) {
		t.Errorf("%T has two encodings:\n%x\n%x", b, data, again)
	}
}

// FuzzBodies: every body of a message and of an in-call message, from any bytes.
func FuzzBodies(f *testing.F) {
	for i, s := range seeds() {
		f.Add(uint8(i), s)
	}
	f.Fuzz(func(t *testing.T, kind uint8, data []byte) {
		switch kind % 13 {
		case 0:
			taken[inviteBody](t, data)
		case 1:
			taken[ringingBody](t, data)
		case 2:
			taken[acceptBody](t, data)
		case 3:
			taken[welcomeBody](t, data)
		case 4:
			taken[declineBody](t, data)
		case 5:
			taken[cancelBody](t, data)
		case 6:
			taken[ackBody](t, data)
		case 7:
			taken[byeBody](t, data)
		case 8:
			taken[inCallBody](t, data)
		case 9:
			taken[muteBody](t, data)
		case 10:
			taken[holdBody](t, data)
		case 11:
			taken[candidate](t, data)
		case 12:
			taken[describeBody](t, data)
		}
	})
}

// TestPitfall03BodiesAreBounded: no field of a body is longer than its limit, however the rest is.
// Mutations: a check that leaves one of its lengths out.
func TestPitfall03BodiesAreBounded(t *testing.T) {
	all := seeds()
	invite := func(change func(*inviteBody)) error {
		b, err := decode[inviteBody](all[0], maxBody)
		if err != nil {
			t.Fatal(err)
		}
		change(&b)
		_, err = decode[inviteBody](encode(b), maxBody)
		return err
	}
	for name, change := range map[string]func(*inviteBody){
		"an offer of 16 KiB and a byte": func(b *inviteBody) { b.Offer = make([]byte, maxSDP+1) },
		"no offer":                      func(b *inviteBody) { b.Offer = nil },
		"a name of 129 bytes":           func(b *inviteBody) { b.Name = string(bytes.Repeat([]byte("n"), maxName+1)) },
		"a short commitment":            func(b *inviteBody) { b.Commitment = b.Commitment[1:] },
		"a long fingerprint":            func(b *inviteBody) { b.DTLS = append(b.DTLS, 0) },
		"an unknown kind of media":      func(b *inviteBody) { b.Media.Send = 4 },
		"no token":                      func(b *inviteBody) { b.Box.Token = nil },
		"an HPKE key of 33 bytes":       func(b *inviteBody) { b.Box.HPKE = append(b.Box.HPKE, 0) },
		"an Ed25519 key of 31 bytes":    func(b *inviteBody) { b.Box.Ed25519 = b.Box.Ed25519[1:] },
	} {
		if invite(change) == nil {
			t.Errorf("%s was taken", name)
		}
	}
	d := describeBody{Kind: describeOffer, N: 1, SDP: make([]byte, maxSDP+1)}
	if _, err := decode[describeBody](encode(d), maxBody); err == nil {
		t.Error("a description of 16 KiB and a byte was taken")
	}
	if err := invite(func(b *inviteBody) { b.Offer = make([]byte, maxSDP) }); err != nil {
		t.Errorf("an offer of 16 KiB: %v", err)
	}
}

// FuzzBinding: the leaf extension, from any bytes: what is taken has one encoding, and its keys are strong.
func FuzzBinding(f *testing.F) {
	b := binding{dtls: random(), invite: random(), box: e2ee.NewMailbox().Card()}
	good := b.extension().Data
	f.Add(good)
	f.Add(good[:len(good)-1])
	hybrid := bytes.Clone(good[:97])
	hybrid = append(hybrid, 0x44, 0xc0) // 1216 bytes
	f.Add(append(hybrid, make([]byte, 1216+16)...))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := parseBinding(&mls.LeafNode{Extensions: []mls.Extension{{Type: bindingType, Data: data}}})
		if err != nil {
			return
		}
		if err := got.box.Check(); err != nil {
			t.Errorf("a weak box was taken: %v", err)
		}
		if again := got.extension().Data; !bytes.Equal(again, data) {
			t.Errorf("two encodings:\n%x\n%x", data, again)
		}
	})
}
