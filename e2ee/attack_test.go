package e2ee

import (
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"github.com/sotto-calls/sotto/internal/wire"
)

// sealRaw seals bytes as they are, padded as the test says: what a hostile sender can make.
func sealRaw(t testing.TB, to Box, padded []byte) []byte {
	t.Helper()
	box, err := envelopeFormat.sealPadded(to, padded)
	if err != nil {
		t.Fatal(err)
	}
	return box
}

// padTo makes a plaintext of size bytes that says it holds n of signed.
func padTo(signed []byte, n uint32, size int) []byte {
	b := make([]byte, size)
	binary.BigEndian.PutUint32(b, n)
	copy(b[lengthSize:], signed)
	return b
}

func TestSwappedX25519KeyInACard(t *testing.T) {
	// Whoever passes on Bob's card puts a key of theirs in place of his X25519 key, to read Alice's Invites. Fails if the
	// address, To or the safety number covers the Ed25519 key alone.
	alice, bob, mallory := Generate(), Generate(), Generate()
	card := Card{ID: bob.Public()}
	copy(card.ID[32:], mallory.id[32:])
	card, err := ParseCard(card.URI()) // it is a good card, of nobody
	if err != nil {
		t.Fatal(err)
	}
	if card.ID.Address() == bob.Public().Address() {
		t.Error("the forged card leads to Bob's mailbox")
	}
	if SafetyNumber(alice.Public(), card.ID) == SafetyNumber(alice.Public(), bob.Public()) {
		t.Error("the safety number does not show it")
	}
	box, _, err := alice.Seal(card.ID.Box(Token{}), Message{To: card.ID, Time: testTime})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := bob.Mailbox().Open(box, bob.Public()); !errors.Is(err, ErrNotSealedToUs) {
		t.Errorf("Bob: %v, want ErrNotSealedToUs", err)
	}
	// Mallory opens it (its key was in the card) and seals it to Bob: it was signed for another identity.
	half := newMailbox(mallory.mailbox.keys, Token{})
	half.ed25519 = [32]byte(bob.id[:32])
	if _, _, err := half.Open(box, card.ID); err != nil {
		t.Fatalf("the test's Mallory cannot open what was sealed to it: %v", err)
	}
	again, err := envelopeFormat.seal(bob.Mailbox().Card(), signedIn(t, half, box))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := bob.Mailbox().Open(again, bob.Public()); !errors.Is(err, ErrWrongRecipient) {
		t.Errorf("passed on to Bob: %v, want ErrWrongRecipient", err)
	}
}

// signedIn is the signed message in a box, as the mailbox's owner can take it out.
func signedIn(t testing.TB, m *Mailbox, box []byte) []byte {
	t.Helper()
	r, ct, err := m.keys.recipient(box[1:], envelopeFormat.info)
	if err != nil {
		t.Fatal(err)
	}
	a := m.Address()
	padded, err := r.Open(a[:], ct)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := envelopeFormat.unpad(padded)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func TestInviteResealedToAThird(t *testing.T) {
	// Alice rings Bob; Bob seals her signed Invite to Carol, who would believe that Alice rings. Fails if To is not
	// compared, or not signed.
	alice, bob, carol := Generate(), Generate(), Generate()
	box, _, err := alice.Seal(bob.Mailbox().Card(), Message{To: bob.Public(), Time: testTime, Type: 1})
	if err != nil {
		t.Fatal(err)
	}
	again, err := envelopeFormat.seal(carol.Mailbox().Card(), signedIn(t, bob.Mailbox(), box))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := carol.Mailbox().Open(again, carol.Public()); !errors.Is(err, ErrWrongRecipient) {
		t.Fatalf("%v, want ErrWrongRecipient", err)
	}
	// And if Bob writes her name into it, the signature goes.
	var s signed
	var p payload
	if err := errors.Join(decodeExact(signedIn(t, bob.Mailbox(), box), &s), decodeExact(s.Payload, &p)); err != nil {
		t.Fatal(err)
	}
	p.To = slices.Clone(carol.id[:])
	if _, _, err := carol.Mailbox().Open(resign(t, carol.Mailbox().Card(), p, s.Sig), carol.Public()); !errors.Is(err, ErrSignature) {
		t.Fatalf("%v, want ErrSignature", err)
	}
}

// resign seals a payload with a signature that may not fit.
func resign(t testing.TB, to Box, p payload, sig []byte) []byte {
	t.Helper()
	raw, err := wire.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	out, err := wire.Marshal(signed{Payload: raw, Sig: sig})
	if err != nil {
		t.Fatal(err)
	}
	box, err := envelopeFormat.seal(to, out)
	if err != nil {
		t.Fatal(err)
	}
	return box
}

func TestEnvelopeToAnotherMailboxOfTheSameKey(t *testing.T) {
	// The mailbox's address is additional data: a box does not open in a mailbox of the same HPKE key with another
	// Ed25519 key. Fails if seal and open leave the address out.
	a, b := Generate(), Generate()
	box, _, err := a.Seal(b.Mailbox().Card(), Message{To: b.Public(), Time: testTime})
	if err != nil {
		t.Fatal(err)
	}
	other := newMailbox(b.mailbox.keys, Token{})
	other.ed25519 = [32]byte(a.id[:32])
	if _, _, err := other.Open(box, b.Public()); !errors.Is(err, ErrNotSealedToUs) {
		t.Fatalf("%v, want ErrNotSealedToUs", err)
	}
}

// Every byte of a box is authentic, and every length but the three is refused. Fails if open ignores the version, or a
// part of the box.
func TestEnvelopeTamperedAtEveryByte(t *testing.T) {
	a, b := Generate(), Generate()
	for _, m := range []*Mailbox{b.Mailbox(), newHybridMailbox()} {
		box, _, err := a.Seal(m.Card(), Message{To: b.Public(), Time: testTime, Body: []byte("hello")})
		if err != nil {
			t.Fatal(err)
		}
		step := 1
		if len(m.hpke) > 32 {
			step = 13 // each costs an ML-KEM decapsulation
		}
		for i := 0; i < len(box); i += step {
			bad := slices.Clone(box)
			bad[i] ^= 1 << (i % 8)
			_, _, err := m.Open(bad, b.Public())
			if i == 0 && !errors.Is(err, ErrMalformed) || i > 0 && !errors.Is(err, ErrNotSealedToUs) {
				t.Fatalf("byte %d of %d: %v", i, len(box), err)
			}
			if _, _, err := m.Open(box[:i], b.Public()); !errors.Is(err, ErrMalformed) {
				t.Fatalf("cut to %d of %d: %v, want ErrMalformed", i, len(box), err)
			}
		}
		for _, more := range [][]byte{append(slices.Clone(box), 0), make([]byte, maxBox+1), make([]byte, 64<<10), nil} {
			if _, _, err := m.Open(more, b.Public()); !errors.Is(err, ErrMalformed) {
				t.Fatalf("%d bytes: %v, want ErrMalformed", len(more), err)
			}
		}
		if _, _, err := m.Open(box, b.Public()); err != nil {
			t.Fatalf("untouched: %v", err)
		}
	}
}

// Fails if unpad leaves out a comparison.
func TestWrongPadding(t *testing.T) {
	a, b := Generate(), Generate()
	to := b.Mailbox().Card()
	raw, _, err := a.sign(Message{To: b.Public(), Time: testTime})
	if err != nil {
		t.Fatal(err)
	}
	n := uint32(len(raw))
	dirty := padTo(raw, n, 4096)
	dirty[4095] = 1
	firstZero := padTo(raw, n, 4096)
	firstZero[lengthSize+n] = 0x80
	for name, padded := range map[string][]byte{
		"a byte at the end":            dirty,
		"a byte after the message":     firstZero,
		"larger than needed":           padTo(raw, n, 16384),
		"another size":                 padTo(raw, n, 8192),
		"one less":                     padTo(raw, n, 4095),
		"no padding":                   padTo(raw, n, lengthSize+len(raw)),
		"length beyond the end":        padTo(raw, 4096-lengthSize+1, 4096),
		"length of 4 GiB":              padTo(raw, 1<<32-1, 4096),
		"length of 0":                  padTo(nil, 0, 4096),
		"length short":                 padTo(raw, n-1, 4096),
		"length long by a zero":        padTo(raw, n+1, 4096),
		"empty":                        {},
		"length cut":                   {0, 0},
		"of a length that notices are": padTo(raw, n, noticeFormat.sizes[0]),
	} {
		if _, _, err := b.Mailbox().Open(sealRaw(t, to, padded), b.Public()); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v, want ErrMalformed", name, err)
		}
	}
	if _, _, err := b.Mailbox().Open(sealRaw(t, to, padTo(raw, n, 4096)), b.Public()); err != nil {
		t.Errorf("the right padding: %v", err)
	}
}

// Signed by the right key, and yet not what the format says. Fails if decodeExact or checkShape leaves a check out.
func TestWrongShape(t *testing.T) {
	a, b := Generate(), Generate()
	raw, _, err := a.sign(Message{To: b.Public(), Time: testTime, Body: []byte{1}, Ref: make([]byte, 32)})
	if err != nil {
		t.Fatal(err)
	}
	var s signed
	if err := decodeExact(raw, &s); err != nil {
		t.Fatal(err)
	}
	sign := func(p []byte) []byte {
		out, err := wire.Marshal(signed{Payload: p, Sig: a.mailbox.keys.signature(append([]byte(messageLabel), p...))})
		if err != nil {
			t.Fatal(err)
		}
		return padTo(out, uint32(len(out)), 4096)
	}
	good := s.Payload
	replace := func(old, new string) []byte {
		i := bytes.LastIndex(good, []byte(old)) // the keys, in which it may be by chance, come first
		if i < 0 {
			t.Fatalf("%x is not in the payload", old)
		}
		return slices.Concat(good[:i], []byte(new), good[i+len(old):])
	}
	longSeq := replace("\x04\x00\x05", "\x04\x18\x00\x05") // 0 in two bytes
	for name, p := range map[string][]byte{
		"seq not in its shortest form": longSeq,
		"seq null":                     replace("\x04\x00\x05", "\x04\xf6\x05"),
		"seq float":                    replace("\x04\x00\x05", "\x04\xf9\x00\x00\x05"),
		"seq tagged":                   replace("\x04\x00\x05", "\x04\xc1\x00\x05"),
		"seq twice":                    append([]byte{0xa9}, append(slices.Clone(good[1:]), 0x04, 0x00)...),
		"seq missing":                  append([]byte{0xa7}, replace("\x04\x00\x05", "\x05")[1:]...),
		"a key too many":               append([]byte{0xa9}, append(slices.Clone(good[1:]), 0x09, 0x00)...),
		"indefinite map":               append(append([]byte{0xbf}, good[1:]...), 0xff),
		"body null":                    replace("\x07\x41\x01", "\x07\xf6"),
		"body text":                    replace("\x07\x41\x01", "\x07\x61a"),
		"a byte after":                 append(slices.Clone(good), 0),
		"ref of 31":                    replace("\x08\x58\x20\x00", "\x08\x58\x1f"),
		"call of 31":                   replace("\x03\x58\x20\x00", "\x03\x58\x1f"),
		"from of 63":                   replace("\x01\x58\x40"+string(a.id[:1]), "\x01\x58\x3f"),
		"to of 63":                     replace("\x02\x58\x40"+string(b.id[:1]), "\x02\x58\x3f"),
		"empty":                        {},
	} {
		if _, _, err := b.Mailbox().Open(sealRaw(t, b.Mailbox().Card(), sign(p)), b.Public()); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v, want ErrMalformed", name, err)
		}
	}
	if _, _, err := b.Mailbox().Open(sealRaw(t, b.Mailbox().Card(), sign(good)), b.Public()); err != nil {
		t.Errorf("the right shape: %v", err)
	}
}

// TestPitfall04MessageNamesItsSender: a message in one identity's name, signed by another; by the right key under another
// label; from a key under which anything verifies. Fails if verify is left out, without the label, or without checkEd25519.
func TestPitfall04MessageNamesItsSender(t *testing.T) {
	a, b, eve := Generate(), Generate(), Generate()
	raw, _, err := a.sign(Message{To: b.Public(), Time: testTime})
	if err != nil {
		t.Fatal(err)
	}
	var s signed
	var p payload
	if err := errors.Join(decodeExact(raw, &s), decodeExact(s.Payload, &p)); err != nil {
		t.Fatal(err)
	}
	open := func(p payload, sig []byte) error {
		_, _, err := b.Mailbox().Open(resign(t, b.Mailbox().Card(), p, sig), b.Public())
		return err
	}
	if err := open(p, s.Sig); err != nil {
		t.Fatalf("as it was: %v", err)
	}
	if err := open(p, eve.mailbox.keys.signature(append([]byte(messageLabel), s.Payload...))); !errors.Is(err, ErrSignature) {
		t.Errorf("signed by another: %v, want ErrSignature", err)
	}
	if err := open(p, a.mailbox.keys.signature(s.Payload)); !errors.Is(err, ErrSignature) {
		t.Errorf("without the label: %v, want ErrSignature", err)
	}
	if err := open(p, s.Sig[:63]); !errors.Is(err, ErrSignature) {
		t.Errorf("signature cut: %v, want ErrSignature", err)
	}
	// The sender's Ed25519 key with another X25519 key: not the identity that it is.
	half := p
	half.From = slices.Concat(a.id[:32], eve.id[32:])
	if err := open(half, s.Sig); !errors.Is(err, ErrSignature) {
		t.Errorf("another X25519 key: %v, want ErrSignature", err)
	}
	nobody := p
	nobody.From = slices.Concat(fieldBytes(smallOrderY[1]), a.id[32:])
	if err := open(nobody, append(fieldBytes(smallOrderY[1]), make([]byte, 32)...)); !errors.Is(err, ErrWeakKey) {
		t.Errorf("a key of small order: %v, want ErrWeakKey", err)
	}
	malleable := slices.Clone(s.Sig) // S + L
	addL(malleable[32:])
	if err := open(p, malleable); !errors.Is(err, ErrSignature) {
		t.Errorf("S + L: %v, want ErrSignature", err)
	}
}

// addL adds the order of the base point.
func addL(s []byte) {
	l := mustHex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
	carry := 0
	for i := range s {
		carry += int(s[i]) + int(l[i])
		s[i], carry = byte(carry), carry>>8
	}
}

// An envelope whose enc is a point of low order has a shared secret that everybody knows. Fails if recipient ignores the
// error of HPKE.
func TestPitfall21LowOrderEnc(t *testing.T) {
	b := Generate()
	for _, m := range []*Mailbox{b.Mailbox(), newHybridMailbox()} {
		box := make([]byte, 1+encSize(m.keys.secrets.get().open)+4096+tagSize)
		box[0] = envelopeFormat.version
		for _, s := range lowOrderX25519 {
			copy(box[encSize(m.keys.secrets.get().open)-31:], mustHex(s))
			if _, _, err := m.Open(box, b.Public()); !errors.Is(err, ErrNotSealedToUs) {
				t.Errorf("%s: %v, want ErrNotSealedToUs", s, err)
			}
		}
	}
}

// A relay that passes on another relay's challenge gets a signature over its own origin. Fails if Answer leaves the
// origin, the challenge or the address out.
func TestRelayedRelayChallenge(t *testing.T) {
	m, other := NewMailbox(), NewMailbox()
	c := [32]byte{1}
	answers := [][]byte{
		m.Answer("wss://honest.example:443", c), m.Answer("wss://hostile.example:443", c), m.Answer("wss://honest.example:443", [32]byte{2}),
		other.Answer("wss://honest.example:443", c),
	}
	key, _ := m.PublicKeys()
	want := slices.Concat([]byte("sotto/v1 relay auth\x00\x00\x18wss://honest.example:443"), c[:])
	address := m.Address()
	want = append(want, address[:]...)
	if !ed25519.Verify(key, want, answers[0]) {
		t.Fatal("the answer is not over what the protocol says")
	}
	for i, a := range answers[1:] {
		if ed25519.Verify(key, want, a) {
			t.Errorf("answer %d is good at the honest relay", i+1)
		}
	}
	if m.Answer(string(make([]byte, 1<<16)), c) != nil {
		t.Error("an origin whose length does not fit was signed")
	}
}

// A box of one kind is no box of another. Fails if the formats share an info or a version.
func TestFormatsAreApart(t *testing.T) {
	a, b := Generate(), Generate()
	notice, err := a.SealNotice(b.Mailbox().Card(), b.Public(), [32]byte{1}, testTime, true)
	if err != nil || !IsNotice(notice) {
		t.Fatalf("%d bytes, %v", len(notice), err)
	}
	m, _, err := b.Mailbox().Open(notice, b.Public())
	if err != nil || m.Type != TypeMissedCall {
		t.Fatalf("%v, %v", m, err)
	}
	notice[0] = envelopeFormat.version
	if _, _, err := b.Mailbox().Open(notice, b.Public()); !errors.Is(err, ErrMalformed) {
		t.Errorf("a notice as an envelope: %v", err)
	}
	asEnvelope, _, err := a.Seal(b.Mailbox().Card(), Message{To: b.Public(), Time: testTime, Type: TypeMissedCall})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.Mailbox().Open(asEnvelope, b.Public()); !errors.Is(err, ErrMalformed) {
		t.Errorf("a missed call in an envelope: %v", err)
	}
	ring, _, err := a.seal(noticeFormat, b.Mailbox().Card(), Message{To: b.Public(), Time: testTime, Type: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.Mailbox().Open(ring, b.Public()); !errors.Is(err, ErrMalformed) {
		t.Errorf("an Invite in a notice: %v", err)
	}
}

func TestSealRefusesWeakMailboxes(t *testing.T) {
	a, b := Generate(), Generate()
	to := b.Mailbox().Card()
	m := Message{To: b.Public(), Time: testTime}
	for name, change := range map[string]func(*Box, *Message){
		"X25519 of low order": func(b *Box, _ *Message) { clear(b.HPKE) },
		"HPKE of 31 bytes":    func(b *Box, _ *Message) { b.HPKE = b.HPKE[:31] },
		"Ed25519 zero":        func(b *Box, _ *Message) { b.Ed25519 = [32]byte{} },
		"to nobody":           func(_ *Box, m *Message) { m.To = ID{} },
		"no time":             func(_ *Box, m *Message) { m.Time = m.Time.AddDate(-100, 0, 0) },
		"ref of 3 bytes":      func(_ *Box, m *Message) { m.Ref = []byte{1, 2, 3} },
	} {
		box, msg := to, m
		box.HPKE = slices.Clone(to.HPKE)
		change(&box, &msg)
		if _, _, err := a.Seal(box, msg); !errors.Is(err, ErrWeakKey) && !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDestroy(t *testing.T) {
	a, b := Generate(), Generate()
	m := NewMailbox()
	box, _, err := a.Seal(m.Card(), Message{To: b.Public(), Time: testTime})
	if err != nil {
		t.Fatal(err)
	}
	m.Destroy()
	m.Destroy()
	if _, _, err := m.Open(box, b.Public()); !errors.Is(err, ErrDestroyed) {
		t.Errorf("Open: %v, want ErrDestroyed", err)
	}
	if m.Answer("wss://relay.example:443", [32]byte{}) != nil {
		t.Error("Answer signed")
	}
	s := m.keys.secrets.get()
	if !bytes.Equal(s.sign, make([]byte, 64)) || !bytes.Equal(s.raw, make([]byte, 32)) || s.open != nil {
		t.Error("the keys are still there")
	}
	a.Destroy()
	if _, _, err := a.Seal(b.Mailbox().Card(), Message{To: b.Public(), Time: testTime}); !errors.Is(err, ErrDestroyed) {
		t.Errorf("Seal: %v, want ErrDestroyed", err)
	}
	if _, err := a.Export([]byte(goodPassphrase)); !errors.Is(err, ErrDestroyed) {
		t.Errorf("Export: %v, want ErrDestroyed", err)
	}
	if _, err := a.Revoke(testTime, nil); !errors.Is(err, ErrDestroyed) {
		t.Errorf("Revoke: %v, want ErrDestroyed", err)
	}
}

const goodPassphrase = "nine otters mend a kayak"

// What is opened does not share memory with the box: a transport may use its buffer again.
func TestOpenDoesNotAlias(t *testing.T) {
	a, b := Generate(), Generate()
	box, _, err := a.Seal(b.Mailbox().Card(), Message{To: b.Public(), Time: testTime, Body: []byte("body")})
	if err != nil {
		t.Fatal(err)
	}
	m, _, err := b.Mailbox().Open(box, b.Public())
	if err != nil {
		t.Fatal(err)
	}
	clear(box)
	if string(m.Body) != "body" {
		t.Fatal("the body changed with the box")
	}
}
