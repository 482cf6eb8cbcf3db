package e2ee

import (
	"bytes"
	"encoding/base64"
	"runtime"
	"strings"
	"testing"
	"time"
)

// fuzzPair are two fixed identities, so that seeds mean the same in every process.
func fuzzPair(f *testing.F) (a, b *Identity) { return fixedIdentity(f, 1), fixedIdentity(f, 2) }

// FuzzEnvelope opens what a stranger can send: bytes as they are, and the same bytes sealed, as plaintext.
func FuzzEnvelope(f *testing.F) {
	a, b := fuzzPair(f)
	m := Message{To: b.Public(), Time: testTime, Body: []byte("body"), Ref: make([]byte, 32)}
	raw, _, err := a.sign(m)
	if err != nil {
		f.Fatal(err)
	}
	box, _, err := a.Seal(b.Mailbox().Card(), m)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(box)
	f.Add(raw)
	f.Add(padTo(raw, uint32(len(raw)), 4096))
	f.Fuzz(func(t *testing.T, in []byte) {
		if msg, _, err := b.Mailbox().Open(in, b.Public()); err == nil && msg.From != a.Public() {
			t.Fatal("a forgery")
		}
		if plain, err := envelopeFormat.unpad(in); err == nil && len(plain) > maxSigned {
			t.Fatal("longer than the format")
		}
		msg, _, err := parseSigned(in, b.Public())
		if err != nil {
			return
		}
		if msg.From != a.Public() || msg.To != b.Public() {
			t.Fatal("a forgery")
		}
	})
}

// FuzzContactText reads all texts that a user may paste.
func FuzzContactText(f *testing.F) {
	a, b := fuzzPair(f)
	f.Add(FormatID(a.Public()))
	f.Add(strings.ToUpper(FormatID(a.Public())))
	f.Add(Card{ID: a.Public(), Name: "Älice", Relays: []string{"wss://r.example/v1"}, Token: Token{1}}.URI())
	f.Add(Card{ID: b.Public()}.URI())
	f.Fuzz(func(t *testing.T, s string) {
		c, err := ParseCard(s)
		if err != nil {
			return
		}
		if c.ID.Check() != nil || checkProfile(c.Name, c.Relays) != nil {
			t.Fatalf("%v was taken", c)
		}
		again, err := ParseCard(c.URI())
		if err != nil || again.ID != c.ID || again.Name != c.Name || again.Token != c.Token || len(again.Relays) != len(c.Relays) {
			t.Fatalf("%v does not round-trip: %v, %v", c, again, err)
		}
	})
}

// FuzzInvitation does the same, its checksum mended, and uses what it gets.
func FuzzInvitation(f *testing.F) {
	a, b := fuzzPair(f)
	inv := Invitation{From: a.Public(), Name: "Alice", Relays: []string{"wss://r.example/v1"}, Expires: testTime,
		secret: hide(invitationSecret{token: Token{1}, secret: [16]byte{2}})}
	head, _, _ := strings.Cut(inv.URI(), "#")
	s := inv.secret.get()
	f.Add(head, append(append(s.token[:], s.secret[:]...), 0, 0, 0, 1, 0, 0, 0, 0))
	c, err := OpenContacts("", b)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, head string, secret []byte) {
		inv, err := ParseInvitation(head + "#" + base64.RawURLEncoding.EncodeToString(append(secret, uriCheck(head, secret)...)))
		if err != nil {
			return
		}
		again, err := ParseInvitation(inv.URI())
		if err != nil || again.From != inv.From || *again.secret.get() != *inv.secret.get() || !again.Expires.Equal(inv.Expires) {
			t.Fatalf("%v does not round-trip: %v, %v", inv, again, err)
		}
		_, _ = c.Use(inv, "")
	})
}

// FuzzIntroduction gives the stores bodies of messages that were opened: nothing but the two known ones is ever taken.
func FuzzIntroduction(f *testing.F) {
	a, b := fuzzPair(f)
	host, err := OpenContacts("", a)
	if err != nil {
		f.Fatal(err)
	}
	inv, err := host.Invite(time.Hour, "")
	if err != nil {
		f.Fatal(err)
	}
	guest, err := OpenContacts("", b)
	if err != nil {
		f.Fatal(err)
	}
	l, err := guest.Use(inv, "Alice")
	if err != nil {
		f.Fatal(err)
	}
	m, hash, err := host.openLetter(l.Text())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(m.Type, m.Body)
	f.Add(TypeMissedCall, []byte{0xa1, 0x01, 0xf5})
	f.Fuzz(func(t *testing.T, typ uint64, body []byte) {
		m := m
		m.Type, m.Body, m.Time = typ, body, time.Now()
		_, _ = host.Receive(m, hash)
		m.From, m.To = a.Public(), b.Public()
		_, _ = guest.Receive(m, hash)
		for _, c := range []*Contacts{host, guest} {
			plain, err := c.snapshot().encode()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := decodeContacts(plain); err != nil {
				t.Fatalf("the store does not read what it wrote: %v", err)
			}
		}
	})
}

// FuzzContactStore reads stores as if anybody could have written them.
func FuzzContactStore(f *testing.F) {
	a, b := fuzzPair(f)
	s := newContactState()
	s.profile = Profile{Name: "Alice"}
	s.contacts[b.Public()] = &record{ID: b.id[:], Name: "Bob", State: 3, Known: 1, Issued: [][]byte{make([]byte, 16)}}
	s.invitations = []*invitationRecord{{Token: make([]byte, 16), Secret: make([]byte, 16), Expires: 5}}
	s.notices = []*noticeRecord{{From: a.id[:], Call: make([]byte, 32), Time: 1, Received: 1}}
	plain, err := s.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(plain)
	f.Fuzz(func(t *testing.T, in []byte) {
		s, err := decodeContacts(in)
		if err != nil {
			return
		}
		out, err := s.encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := decodeContacts(out)
		if err != nil {
			t.Fatalf("a store that was read cannot be read again: %v", err)
		}
		if twice, err := again.encode(); err != nil || !bytes.Equal(out, twice) {
			t.Fatal("a store changes by being written")
		}
	})
}

// FuzzRevocation reads statements: none is forged.
func FuzzRevocation(f *testing.F) {
	a, b := fuzzPair(f)
	for _, next := range []*Identity{nil, b} {
		s, err := a.Revoke(testTime, next)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		r, err := ParseRevocation(in)
		if err == nil && (r.ID != a.Public() || !r.ReplacedBy.IsZero() && r.ReplacedBy != b.Public()) {
			t.Fatal("a forgery")
		}
	})
}

// A stranger meets small parsers with caps: memory for hostile input is bounded by its own size and the caps. Fails if a length inside is believed before it is
// compared with what is there.
func TestPitfall03HostileBytesAreBounded(t *testing.T) {
	b := fixedIdentity(t, 2)
	c, err := OpenContacts("", b)
	if err != nil {
		t.Fatal(err)
	}
	huge := append(bytes.Repeat([]byte{0x9b, 0xff}, 40), bytes.Repeat([]byte{0x5a, 0xff, 0xff, 0xff, 0xff}, 12000)...)
	record := append([]byte{profileRecord, 0xff, 0xff, 0xff, 0xff}, huge...)
	text := strings.Repeat("q", 1<<20)
	for name, f := range map[string]func(){
		"signed":     func() { _, _, _ = parseSigned(huge, b.Public()) },
		"envelope":   func() { _, _, _ = b.Mailbox().Open(huge, b.Public()) },
		"unpad":      func() { _, _ = envelopeFormat.unpad(huge) },
		"store":      func() { _, _ = decodeContacts(record) },
		"revocation": func() { _, _ = ParseRevocation(huge) },
		"card":       func() { _, _ = ParseCard("sotto:contact/" + text + "#" + text) },
		"id":         func() { _, _ = ParseID("sotto1" + text) },
		"letter":     func() { _, _ = c.ReceiveText(letterScheme + text) },
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f()
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; got > 4<<20 {
			t.Errorf("%s: %d bytes for hostile input of at most 2 MiB", name, got)
		}
	}
}
