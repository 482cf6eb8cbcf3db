package e2ee

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"testing/cryptotest"
	"time"
)

var update = flag.Bool("update", false, "write testdata anew")

// hexBytes are bytes that JSON holds as hexadecimal.
type hexBytes []byte

func (h hexBytes) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(h)), nil }

func (h *hexBytes) UnmarshalText(b []byte) (err error) {
	*h, err = hex.DecodeString(string(b))
	return err
}

// ownVectors are what another implementation can be tested with.
type ownVectors struct {
	Identities []identityVector `json:"identities"`
	Safety     []safetyVector   `json:"safety_numbers"`
	SAS        []sasVector      `json:"sas"`
	Texts      []textVector     `json:"contact_uris"`
	Invites    []inviteVector   `json:"invitation_uris"`
	Envelopes  []envelopeVector `json:"envelopes"`
	Revoked    []revokeVector   `json:"revocations"`
	Refused    []refusedVector  `json:"refused_ids"`
}

type identityVector struct {
	Seed    hexBytes `json:"ed25519_seed"`
	X25519  hexBytes `json:"x25519_private"`
	ID      hexBytes `json:"id"`
	Text    string   `json:"text"`
	Address hexBytes `json:"mailbox_address"`
	Origin  string   `json:"relay_origin"`
	Nonce   hexBytes `json:"relay_challenge"`
	Answer  hexBytes `json:"relay_answer"`
}

type safetyVector struct {
	A      hexBytes `json:"a"`
	B      hexBytes `json:"b"`
	Number string   `json:"number"`
}

type sasVector struct {
	Call    hexBytes `json:"call"`
	NonceA  hexBytes `json:"nonce_a"`
	NonceB  hexBytes `json:"nonce_b"`
	Commit  hexBytes `json:"commit"`
	HInvite hexBytes `json:"h_invite"`
	HAccept hexBytes `json:"h_accept"`
	SAS     hexBytes `json:"sas"`
	Emoji   []string `json:"emoji"`
}

type textVector struct {
	ID     hexBytes `json:"id"`
	Name   string   `json:"name"`
	Relays []string `json:"relays"`
	Token  hexBytes `json:"token"`
	URI    string   `json:"uri"`
}

type inviteVector struct {
	URI     string   `json:"uri"`
	Token   hexBytes `json:"token"`
	Secret  hexBytes `json:"secret"`
	Expires int64    `json:"expires_unix"`
}

type envelopeVector struct {
	Kind    string   `json:"kind"`
	Private hexBytes `json:"mailbox_hpke_private"`
	Seed    hexBytes `json:"mailbox_ed25519_seed"`
	Box     hexBytes `json:"box"`
	From    hexBytes `json:"from"`
	To      hexBytes `json:"to"`
	Call    hexBytes `json:"call"`
	Seq     uint64   `json:"seq"`
	TimeMS  int64    `json:"time_ms"`
	Type    uint64   `json:"type"`
	Body    hexBytes `json:"body"`
	Ref     hexBytes `json:"ref,omitempty"`
	Signed  hexBytes `json:"signed"`
	Hash    hexBytes `json:"payload_hash"`
}

type revokeVector struct {
	Statement  hexBytes `json:"statement"`
	ID         hexBytes `json:"id"`
	TimeMS     int64    `json:"time_ms"`
	ReplacedBy hexBytes `json:"replaced_by,omitempty"`
}

type refusedVector struct {
	ID  hexBytes `json:"id"`
	Why string   `json:"why"`
}

func (v *sasVector) emoji() []string {
	var out []string
	for _, e := range EmojiOf([6]byte(v.SAS)) {
		out = append(out, e.String())
	}
	return out
}

func TestOwnVectors(t *testing.T) {
	path := filepath.Join("testdata", "vectors.json")
	if *update {
		b, err := json.MarshalIndent(makeVectors(t), "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append(b, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var v ownVectors
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	checkVectors(t, v)
	if len(v.Identities) != 3 || len(v.Safety) != 3 || len(v.SAS) != 3 || len(v.Texts) != 3 || len(v.Invites) != 1 ||
		len(v.Envelopes) != 5 || len(v.Revoked) != 2 || len(v.Refused) != 19 {
		t.Error("the file does not hold the vectors that it should")
	}
}

func checkVectors(t *testing.T, v ownVectors) {
	for i, x := range v.Identities {
		id, err := identityFromSecret(x.Seed, x.X25519)
		if err != nil {
			t.Fatal(err)
		}
		p, a := id.Public(), id.Public().Address()
		parsed, err := ParseID(x.Text)
		if !bytes.Equal(p[:], x.ID) || FormatID(p) != x.Text || err != nil || parsed != p || !bytes.Equal(a[:], x.Address) ||
			!bytes.Equal(id.Mailbox().Answer(x.Origin, [32]byte(x.Nonce)), x.Answer) {
			t.Errorf("identity %d", i)
		}
	}
	for i, x := range v.Safety {
		if n := SafetyNumber(ID(x.A), ID(x.B)); n != x.Number || SafetyNumber(ID(x.B), ID(x.A)) != n || len(n) != 60 {
			t.Errorf("safety number %d", i)
		}
	}
	for i, x := range v.SAS {
		commit := SASCommit([32]byte(x.Call), [32]byte(x.NonceA))
		sas := SAS([32]byte(x.NonceA), [32]byte(x.NonceB), [32]byte(x.HInvite), [32]byte(x.HAccept))
		if !bytes.Equal(commit[:], x.Commit) || !bytes.Equal(sas[:], x.SAS) || !equalStrings(x.emoji(), x.Emoji) {
			t.Errorf("sas %d", i)
		}
	}
	for i, x := range v.Texts {
		c := Card{ID: ID(x.ID), Name: x.Name, Relays: x.Relays}
		copy(c.Token[:], x.Token)
		parsed, err := ParseCard(x.URI)
		if c.URI() != x.URI || err != nil || parsed.ID != c.ID || parsed.Name != c.Name || parsed.Token != c.Token ||
			!equalStrings(parsed.Relays, c.Relays) {
			t.Errorf("contact %d: %v", i, err)
		}
	}
	for i, x := range v.Invites {
		inv, err := ParseInvitation(x.URI)
		if err != nil || inv.URI() != x.URI || inv.Expires.Unix() != x.Expires ||
			!bytes.Equal(inv.secret.get().token[:], x.Token) || !bytes.Equal(inv.secret.get().secret[:], x.Secret) {
			t.Errorf("invitation %d: %v", i, err)
		}
	}
	for _, x := range v.Envelopes {
		checkEnvelopeVector(t, x)
	}
	for i, x := range v.Revoked {
		r, err := ParseRevocation(x.Statement)
		if err != nil || r.ID != ID(x.ID) || r.Time.UnixMilli() != x.TimeMS || !r.ReplacedBy.IsZero() && r.ReplacedBy != ID(x.ReplacedBy) {
			t.Errorf("revocation %d: %v", i, err)
		}
	}
	for _, x := range v.Refused {
		wantWeak(t, x.Why, ID(x.ID))
	}
}

func equalStrings(a, b []string) bool {
	x, _ := json.Marshal(append([]string{}, a...))
	y, _ := json.Marshal(append([]string{}, b...))
	return bytes.Equal(x, y)
}

func vectorMailbox(t *testing.T, kind string, seed, private []byte) *Mailbox {
	kem := x25519KEM
	if kind == "hybrid" {
		kem = hybridKEM
	}
	k, err := newKeyPair(seed, kem, private)
	if err != nil {
		t.Fatal(err)
	}
	return newMailbox(k, Token{})
}

func checkEnvelopeVector(t *testing.T, x envelopeVector) {
	m := vectorMailbox(t, x.Kind, x.Seed, x.Private)
	msg, hash, err := m.Open(x.Box, ID(x.To))
	if err != nil {
		t.Errorf("%s: %v", x.Kind, err)
		return
	}
	if msg.From != ID(x.From) || msg.To != ID(x.To) || msg.Call != [32]byte(x.Call) || msg.Seq != x.Seq || msg.Type != x.Type ||
		msg.Time.UnixMilli() != x.TimeMS || !bytes.Equal(msg.Body, x.Body) || !bytes.Equal(msg.Ref, x.Ref) || !bytes.Equal(hash[:], x.Hash) {
		t.Errorf("%s: %v", x.Kind, msg)
	}
	// What is signed is deterministic: the sender of the vector signs the same bytes again.
	from := fixedIdentity(t, 1)
	again, _, err := from.sign(msg)
	if err != nil || !bytes.Equal(again, x.Signed) {
		t.Errorf("%s: signed again, it differs (%v)", x.Kind, err)
	}
}

func makeVectors(t *testing.T) (v ownVectors) {
	cryptotest.SetGlobalRandom(t, 1)
	var ids []ID
	for n := byte(1); n <= 3; n++ {
		id := fixedIdentity(t, n)
		p, a, c := id.Public(), id.Public().Address(), bytes.Repeat([]byte{n + 0x40}, 32)
		ids = append(ids, p)
		v.Identities = append(v.Identities, identityVector{bytes.Repeat([]byte{n}, 32), bytes.Repeat([]byte{n ^ 0xff}, 32), p[:], FormatID(p),
			a[:], "wss://relay.example:443", c, id.Mailbox().Answer("wss://relay.example:443", [32]byte(c))})
	}
	for i, a := range ids {
		b := ids[(i+1)%3]
		v.Safety = append(v.Safety, safetyVector{a[:], b[:], SafetyNumber(a, b)})
		call, na, nb := [32]byte{byte(i)}, [32]byte{1, byte(i)}, [32]byte{2, byte(i)}
		hi, ha := [32]byte{3, byte(i)}, [32]byte{4, byte(i)}
		commit, sas := SASCommit(call, na), SAS(na, nb, hi, ha)
		x := sasVector{Call: call[:], NonceA: na[:], NonceB: nb[:], Commit: commit[:], HInvite: hi[:], HAccept: ha[:], SAS: sas[:]}
		x.Emoji = x.emoji()
		v.SAS = append(v.SAS, x)
	}
	for _, c := range []Card{{ID: ids[0]}, {ID: ids[1], Name: "Bob & Co #1", Relays: []string{"wss://a.example/v1", "wss://b.example:8443/v1"}},
		{ID: ids[2], Name: "Zoë", Token: Token{1, 2, 3}}} {
		x := textVector{ID: bytes.Clone(c.ID[:]), Name: c.Name, Relays: c.Relays, URI: c.URI()}
		if !c.Token.IsZero() {
			x.Token = bytes.Clone(c.Token[:])
		}
		v.Texts = append(v.Texts, x)
	}
	s := invitationSecret{token: Token{5, 6}, secret: [16]byte{7, 8}}
	inv := Invitation{From: ids[0], Name: "Alice", Relays: []string{"wss://a.example/v1"}, Expires: testTime.Truncate(time.Second), secret: hide(s)}
	v.Invites = []inviteVector{{inv.URI(), s.token[:], s.secret[:], inv.Expires.Unix()}}
	v.Envelopes = makeEnvelopes(t, ids)
	for _, next := range []*Identity{nil, fixedIdentity(t, 2)} {
		b, err := fixedIdentity(t, 1).Revoke(testTime, next)
		if err != nil {
			t.Fatal(err)
		}
		x := revokeVector{Statement: b, ID: ids[0][:], TimeMS: testTime.UnixMilli()}
		if next != nil {
			x.ReplacedBy = next.id[:]
		}
		v.Revoked = append(v.Revoked, x)
	}
	v.Refused = makeRefused(ids[0])
	return v
}

func makeEnvelopes(t *testing.T, ids []ID) (out []envelopeVector) {
	a := fixedIdentity(t, 1)
	for i, kind := range []string{"x25519", "x25519", "x25519", "hybrid", "notice"} {
		seed, private := bytes.Repeat([]byte{byte(0x50 + i)}, 32), bytes.Repeat([]byte{byte(0x60 + i)}, 32)
		m := vectorMailbox(t, kind, seed, private)
		msg := Message{To: ids[1], Call: [32]byte{9, byte(i)}, Seq: uint64(i), Time: testTime, Type: 1, Body: bytes.Repeat([]byte{1}, 10)}
		f := envelopeFormat
		switch {
		case kind == "notice":
			f, msg.Type, msg.Body = noticeFormat, TypeMissedCall, []byte{0xa1, 0x01, 0xf5}
		case i == 1:
			msg.Type, msg.Ref, msg.Body = 2, bytes.Repeat([]byte{8}, 32), nil
		case i == 2:
			msg.Body = bytes.Repeat([]byte{7}, 5000)
		}
		signed, hash, err := a.sign(msg)
		if err != nil {
			t.Fatal(err)
		}
		box, err := f.seal(m.Card(), signed)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, envelopeVector{kind, private, seed, box, a.id[:], ids[1][:], msg.Call[:], msg.Seq, testTime.UnixMilli(), msg.Type,
			msg.Body, msg.Ref, signed, hash[:]})
	}
	return out
}

func makeRefused(good ID) (out []refusedVector) {
	add := func(why string, at int, b []byte) {
		id := good
		copy(id[at:], b)
		out = append(out, refusedVector{bytes.Clone(id[:]), why})
	}
	for _, s := range lowOrderX25519 {
		add("X25519 of low order", 32, mustHex(s))
	}
	add("X25519 not canonical: p", 32, fieldBytes(fieldP))
	high := bytes.Clone(good[32:])
	high[31] |= 0x80
	add("X25519 not canonical: top bit", 32, high)
	for _, y := range smallOrderY {
		b := fieldBytes(y)
		add("Ed25519 of small order", 0, b)
		b[31] |= 0x80
		add("Ed25519 of small order, negative", 0, b)
	}
	add("Ed25519 not canonical: p", 0, fieldBytes(fieldP))
	add("Ed25519 no point: y = 2", 0, append([]byte{2}, make([]byte, 31)...))
	return out
}
