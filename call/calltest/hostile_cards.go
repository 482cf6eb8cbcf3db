package calltest

import (
	"context"
	"crypto/ecdh"
	"crypto/hpke"
	"crypto/rand"
	"encoding/binary"
	"strings"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/internal/wire"
	"github.com/sotto-calls/sotto/signal"
)

// cardAttacks begin before there is a call: a card is changed on its way from Bob to Alice.
func cardAttacks() []Attack {
	return []Attack{
		{Name: "swapped key in a card", Tries: "replace the X25519 key in Bob's card by its own, with the old checksum, then with a new one",
			during: swapInCard, verdict: func(*Scene) {}},
		{Name: "swapped card, used", Tries: "read the Invite that Alice seals to the swapped card; pass it on to Bob, with its own keys and fingerprint too; answer in his place",
			during: useSwapped, verdict: judgeSwapped},
		{Name: "both cards replaced", Tries: "be Bob to Alice and Alice to Bob: two calls, and every frame passed on",
			during: middle, verdict: judgeMiddle},
	}
}

// swapped is Bob's id with Mallory's X25519 key.
func (m *mallory) swapped() (e2ee.ID, *ecdh.PrivateKey) {
	key := must(ecdh.X25519().GenerateKey(rand.Reader))
	bob := m.cast.Bob.Identity.Public()
	return must(e2ee.NewID(append(bob[:32:32], key.PublicKey().Bytes()...))), key
}

// swapInCard shows Alice the changed card: her program compares it with what she has.
func swapInCard(_ context.Context, s *Scene) {
	id, _ := s.mallory.swapped()
	s.attempt.Acts += 2
	good, bad := e2ee.FormatID(s.Bob.Identity.Public()), e2ee.FormatID(id)
	const checksum = 6 // characters of bech32m
	patched := bad[:len(bad)-checksum] + good[len(good)-checksum:]
	if _, err := e2ee.ParseCard(patched); err == nil {
		s.broken("a card with a key swapped parses")
	} else {
		s.why("old checksum: %v", err)
	}
	card, err := e2ee.ParseCard(e2ee.Card{ID: id, Name: s.Bob.Name}.URI())
	if err != nil {
		s.why("new checksum: %v", err)
		return
	}
	same, _ := s.Alice.Contacts.Resembling(card.ID, card.Name)
	for _, k := range same {
		s.why("new checksum: another id than that of the contact %q: key changed", k.Name)
	}
	me := s.Alice.Identity.Public()
	at, with := e2ee.SafetyNumber(me, card.ID), e2ee.SafetyNumber(s.Bob.Identity.Public(), me)
	s.why("safety number: %s… at Alice, %s… at Bob", at[:10], with[:10])
	if len(same) == 0 || at == with || s.Alice.Contact(s.Bob.Identity.Public()).ID.IsZero() {
		s.broken("the swapped card passes for Bob's")
	}
}

// useSwapped lets Alice take the card for that of another Bob, and ring it.
func useSwapped(ctx context.Context, s *Scene) {
	id, key := s.mallory.swapped()
	card := e2ee.Card{ID: id, Name: s.Bob.Name, Relays: []string{s.stage.Relay}, Token: e2ee.NewMailbox().Token()}
	if _, err := s.Alice.Contacts.Add(card, "Bob, new"); err != nil {
		s.why("Alice: %v", err)
		return
	}
	done := false
	s.Evil.Use(func(p signal.Packet) []signal.Packet {
		if signed, ok := openAs(id, key, p); ok && !done {
			done = true
			s.haveRead(id, signed)
		}
		return []signal.Packet{p}
	})
	s.Talk = s.Cast.Talk(ctx, s.Alice.Contact(id))
}

// haveRead does what can be done with an Invite that was opened.
func (s *Scene) haveRead(asBob e2ee.ID, signed []byte) {
	var form signedForm
	var p payloadForm
	var invite inviteForm
	if wire.Unmarshal(signed, &form, e2ee.MaxBody) != nil || wire.Unmarshal(form.Payload, &p, e2ee.MaxBody) != nil ||
		wire.Unmarshal(p.Body, &invite, e2ee.MaxBody) != nil || p.Type != typeInvite {
		return
	}
	s.happened("relay: reads Alice's Invite: who rings, when, and an offer with %d candidates", strings.Count(string(invite.Offer), "a=candidate"))
	if strings.Contains(string(invite.Offer), "a=candidate") {
		s.broken("the Invite says where Alice is")
	}
	m, bob := s.mallory, s.Bob.Identity.Public()
	to := bob.Box(e2ee.Token{})
	changed := e2ee.Message{To: bob, Call: [32]byte(p.Call), Type: typeInvite, Body: m.swapInvite(p.Body)}
	s.Evil.Deliver(to.Address(), seal(to, signed))
	s.Evil.Deliver(to.Address(), m.inTheNameOf(s.Alice.Identity.Public(), to, changed))
	s.Evil.Deliver(to.Address(), m.own(to, changed))
	alice, err := e2ee.NewBox(invite.Box.Ed25519, invite.Box.HPKE, invite.Box.Token)
	if err != nil {
		return
	}
	for _, a := range m.answers([32]byte(p.Call), hashOf(form.Payload)) {
		a.To = s.Alice.Identity.Public()
		s.Evil.Deliver(alice.Address(), m.own(alice, a))
		s.Evil.Deliver(alice.Address(), m.inTheNameOf(asBob, alice, a))
	}
}

// openAs opens an envelope with a key that the relay has put into a card.
func openAs(id e2ee.ID, key *ecdh.PrivateKey, p signal.Packet) ([]byte, bool) {
	address := id.Address()
	if p.To != address || len(p.Body) < 33 {
		return nil, false
	}
	r, err := hpke.NewRecipient(p.Body[1:33], must(hpke.NewDHKEMPrivateKey(key)), hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), []byte("sotto/v1 envelope"))
	if err != nil {
		return nil, false
	}
	plain, err := r.Open(address[:], p.Body[33:])
	if err != nil || len(plain) < 4 || int(binary.BigEndian.Uint32(plain)) > len(plain)-4 {
		return nil, false
	}
	return plain[4 : 4+binary.BigEndian.Uint32(plain)], true
}

func judgeSwapped(s *Scene) {
	s.stopped = true
	s.judge()
	if s.Talk == nil {
		return
	}
	if n := s.Bob.Client.Stats().Rang; n > 0 {
		s.broken("Bob's program rang for an Invite that the relay had read")
	}
	if got := s.Talk.Alice.Events; len(got) != 1 || s.Talk.Alice.Ended.Reason == call.AuthFailed {
		s.broken("Alice's program took an answer of the relay's: %v", got)
	}
}
