package e2ee

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sotto-calls/sotto/e2ee/keystore"
)

// Fails if the checksum does not cover both keys: every character of the text is tried in every other value.
func TestContactTextFindsEveryWrongCharacter(t *testing.T) {
	id := Generate().Public()
	text := FormatID(id)
	if len(text) != 116 || !strings.HasPrefix(text, "sotto1") {
		t.Fatalf("%d characters: %s", len(text), text)
	}
	for i := range text {
		for _, c := range bech32Alphabet + "1bioB " {
			if byte(c) == text[i] {
				continue
			}
			if _, err := ParseID(text[:i] + string(c) + text[i+1:]); !errors.Is(err, ErrMalformed) {
				t.Fatalf("character %d as %c: %v, want ErrMalformed", i, c, err)
			}
		}
		if _, err := ParseID(text[:i]); !errors.Is(err, ErrMalformed) {
			t.Fatalf("cut to %d: %v, want ErrMalformed", i, err)
		}
		if i+1 < len(text) && text[i] != text[i+1] {
			if _, err := ParseID(text[:i] + text[i+1:i+2] + text[i:i+1] + text[i+2:]); err == nil {
				t.Fatalf("characters %d and %d exchanged: taken", i, i+1)
			}
		}
	}
	for _, same := range []string{text, strings.ToUpper(text)} {
		if got, err := ParseID(same); err != nil || got != id {
			t.Errorf("%s: %v", same, err)
		}
	}
	if _, err := ParseID(strings.ToUpper(text[:20]) + text[20:]); err == nil {
		t.Error("two cases were mixed")
	}
	// The checksum constants and alphabet are BIP 350's, whose own valid strings these are.
	for _, s := range []string{"a1lqfn3a", "an83characterlonghumanreadablepartthatcontainsthetheexcludedcharactersbioandnumber11sg7hg6",
		"abcdef1l7aum6echk45nj3s0wdvt2fg8x9yrzpqzd3ryx", "split1checkupstagehandshakeupstreamerranterredcaperredlc445v"} {
		at := strings.LastIndexByte(s, '1')
		values := []byte(s[at+1:])
		for i, c := range values {
			values[i] = byte(strings.IndexByte(bech32Alphabet, c))
		}
		if polymod(s[:at], values) != bech32mConst {
			t.Errorf("%s: checksum", s)
		}
	}
}

// The token of a contact's URI is behind the #, which nobody is sent; its errors are TestErrorsEchoNoSecrets. Fails if
// URI puts it into the query, or the check does not cover what stands before it.
func TestPitfall27SecretsLiveInTheFragment(t *testing.T) {
	c := Card{ID: Generate().Public(), Name: "Bob & Co. #1?", Relays: []string{"wss://relay.example/v1?x=1&y=2"}, Token: GenerateToken()}
	uri := c.URI()
	head, fragment, _ := strings.Cut(uri, "#")
	if strings.Contains(head, base64.RawURLEncoding.EncodeToString(c.Token[:12])) || len(fragment) != 27 {
		t.Fatalf("the secret is not in the fragment alone: %s", uri)
	}
	got, err := ParseCard(" " + uri + "\n")
	if err != nil || got.ID != c.ID || got.Name != c.Name || got.Token != c.Token || got.Relays[0] != c.Relays[0] {
		t.Fatalf("%v, %v", got, err)
	}
	if got, err = ParseCard(c.Text()); err != nil || got.ID != c.ID || !got.Token.IsZero() {
		t.Fatalf("%v, %v", got, err)
	}
	for i := range uri { // fails if the fragment's check does not cover name and relays
		if _, err := ParseCard(uri[:i]); err == nil {
			t.Fatalf("cut to %d: taken", i)
		}
		if _, err := ParseCard(uri[:i] + "x" + uri[i:]); err == nil {
			t.Fatalf("an x at %d: taken", i)
		}
	}
	for _, relays := range [][]string{{""}, {"a b"}, {"a\nb"}, {"é"}, {strings.Repeat("a", 201)}, {"a", "b", "c", "d", "e"}} {
		c.Relays = relays
		if _, err := ParseCard(c.URI()); !errors.Is(err, ErrMalformed) {
			t.Errorf("relays %q: %v", relays, err)
		}
	}
}

func TestSameAndLookAlikeNames(t *testing.T) {
	for _, tt := range []struct {
		a, b       string
		same, like bool
	}{
		{"Bob", "bob", true, true}, {"Bob  Smith", "bob smith ", true, true}, {"Bob", "Rob", false, false}, {"", "", false, false},
		{"Alice", "Аlice", false, true}, {"alice", "аliсе", false, true}, {"Alice", "AIice", false, true}, {"Alice", "A1ice", false, true},
		{"Alice", "Al ice", false, true}, {"Alice", "Al-ice.", false, true}, {"Alice", "Álíce", false, true}, {"Bob", "B0b", false, true},
		{"Bob", "8ob", false, true}, {"Carmen", "Caﬁ", false, false}, {"Carmen", "Carrnen", false, true}, {"William", "VVilliam", false, true},
		{"Claudia", "daudia", false, true}, {"Βob", "Bob", false, true}, {"Ｂｏｂ", "bob", false, true}, {"Peter", "Реtеr", false, true},
		{"Sascha", "$a5cha", false, true}, {"Иван", "Іван", false, false}, {"Иван", "иван", true, true}, {"山田", "山田", true, true},
		{"山田", "田山", false, false}, {"Oskar", "0skar", false, true}, {"Strauss", "Strauß", false, true}, {"Anna", "Hannah", false, false},
		{"!!!", "???", false, false}, {"Zoë", "zoe", false, true}, {"Lisa", "|isa", false, true}, {"Max", "Mах", false, true},
	} {
		if got := SameName(tt.a, tt.b); got != tt.same {
			t.Errorf("SameName(%q, %q) = %v", tt.a, tt.b, got)
		}
		if got := LookAlike(tt.a, tt.b); got != tt.like {
			t.Errorf("LookAlike(%q, %q) = %v: %q, %q", tt.a, tt.b, got, skeleton(tt.a), skeleton(tt.b))
		}
	}
}

// Fails if the emoji are taken from other bits, or from the least significant end.
func TestEmojiAreTheFirst42Bits(t *testing.T) {
	got := EmojiOf([6]byte{0b000000_00, 0b0001_0000, 0b10_000011, 0b000100_11, 0b1110_1111, 0b11_111111})
	for i, want := range []string{"Dog", "Cat", "Lion", "Horse", "Unicorn", "Folder", "Pin"} {
		if got[i].Name != want {
			t.Errorf("emoji %d is %v, want %s", i, got[i], want)
		}
	}
	names, symbols := map[string]bool{}, map[string]bool{}
	for _, e := range emojiTable {
		names[e.Name], symbols[e.Symbol] = true, true
	}
	if len(names) != 64 || len(symbols) != 64 {
		t.Errorf("%d names and %d symbols, want 64", len(names), len(symbols))
	}
	if EmojiOf([6]byte{1, 2, 3, 4, 5, 0}) != EmojiOf([6]byte{1, 2, 3, 4, 5, 63}) {
		t.Error("the last 6 bits count")
	}
}

// Every input changes the emoji; nothing else is one. Fails if SAS leaves one out or takes them in another order.
func TestPitfall20SASBindsBothPayloads(t *testing.T) {
	var in [4][32]byte
	for i := range in {
		_, _ = rand.Read(in[i][:])
	}
	want := SAS(in[0], in[1], in[2], in[3])
	for i := range in {
		other := in
		other[i][31] ^= 1
		if SAS(other[0], other[1], other[2], other[3]) == want {
			t.Errorf("input %d does not count", i)
		}
		j := (i + 1) % 4
		other = in
		other[i], other[j] = other[j], other[i]
		if SAS(other[0], other[1], other[2], other[3]) == want {
			t.Errorf("inputs %d and %d may be exchanged", i, j)
		}
	}
	if SASCommit(in[0], in[1]) == SASCommit(in[1], in[0]) || SASCommit(in[0], in[1]) == SASCommit(in[2], in[1]) {
		t.Error("the commitment does not bind call and nonce")
	}
}

func TestSafetyNumber(t *testing.T) {
	a, b := Generate().Public(), Generate().Public()
	n := SafetyNumber(a, b)
	if n != SafetyNumber(b, a) || len(n) != 60 || strings.Trim(n, "0123456789") != "" {
		t.Fatalf("%q", n)
	}
	for i := range a { // fails if the number covers one key only
		other := a
		other[i] ^= 1
		if SafetyNumber(other, b) == n {
			t.Fatalf("byte %d does not count", i)
		}
	}
	if lines := strings.Split(FormatSafetyNumber(n), "\n"); len(lines) != 3 || len(lines[0]) != 23 || strings.ReplaceAll(strings.Join(lines, ""), " ", "") != n {
		t.Fatalf("%q", lines)
	}
}

func TestIdentityFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "identity")
	pass := []byte(goodPassphrase)
	id := Generate()
	var weak *keystore.WeakError
	if err := id.Save(path, []byte("password1234")); !errors.As(err, &weak) {
		t.Fatalf("a common passphrase: %v", err)
	}
	if _, err := LoadIdentity(path, pass); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("a wrong path: %v, want fs.ErrNotExist", err)
	}
	if err := id.Save(path, pass); err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadFile(path)
	if err := Generate().Save(path, pass); !errors.Is(err, fs.ErrExist) {
		t.Fatalf("over another identity: %v, want fs.ErrExist", err)
	}
	if _, err := LoadIdentity(path, []byte("nine otters mend a canoe")); !errors.Is(err, keystore.ErrPassphrase) {
		t.Fatalf("%v, want ErrPassphrase", err)
	}
	got, err := LoadIdentity(path, pass)
	if err != nil || got.Public() != id.Public() {
		t.Fatalf("%v, %v", got, err)
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
		t.Fatal("reading changed the file")
	}
	if err := ChangePassphrase(path, pass, []byte("password1234")); !errors.As(err, &weak) {
		t.Fatalf("%v", err)
	}
	if err := ChangePassphrase(path, pass, []byte("eight voles hem a parka")); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadIdentity(path, pass); !errors.Is(err, keystore.ErrPassphrase) {
		t.Fatalf("the old passphrase: %v", err)
	}
	moved, err := LoadIdentity(path, []byte("eight voles hem a parka"))
	if err != nil {
		t.Fatal(err)
	}
	// The loaded one has both private keys: it opens what is sealed to the first, and signs as it does.
	box, _, err := id.Seal(id.Mailbox().Card(), Message{To: id.Public(), Time: testTime})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := moved.Mailbox().Open(box, moved.Public()); err != nil {
		t.Fatal(err)
	}
}

func TestExportAndImport(t *testing.T) {
	id, pass := Generate(), []byte(goodPassphrase)
	out, err := id.export(pass, keystore.Params{Time: 1, MemoryKiB: keystore.MinMemoryKiB, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range [][]byte{id.mailbox.keys.secrets.get().sign.Seed(), id.mailbox.keys.secrets.get().raw, id.id[:32]} {
		if bytes.Contains(out, secret) {
			t.Error("a key is in the export")
		}
	}
	got, err := ImportIdentity(out, pass)
	if err != nil || got.Public() != id.Public() {
		t.Fatalf("%v, %v", got, err)
	}
	for _, secret := range [][]byte{nil, {1}, append([]byte{2}, make([]byte, 64)...), append([]byte{1}, make([]byte, 65)...)} {
		file, err := keystore.Seal(pass, keystore.IdentityKind, keystore.Params{Time: 1, MemoryKiB: keystore.MinMemoryKiB, Threads: 1}, secret)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ImportIdentity(file, pass); !errors.Is(err, keystore.ErrUnsupported) {
			t.Errorf("a secret of %d bytes: %v, want ErrUnsupported", len(secret), err)
		}
	}
}

func TestIDPrintsShort(t *testing.T) {
	id := fixedIdentity(t, 1).Public()
	for _, verb := range []string{"%v", "%s", "%q", "%+v", "%#v", "%d"} {
		if s := fmt.Sprintf(verb, id); s != id.String() {
			t.Errorf("%s: %s", verb, s)
		}
	}
	if s := fmt.Sprintf("%x", id); len(s) != 128 {
		t.Errorf("%%x: %s", s)
	}
}

// Nobody can revoke or replace for another. Fails if ParseRevocation leaves a signature out.
func TestRevocationIsSignedByBoth(t *testing.T) {
	a, b, eve := Generate(), Generate(), Generate()
	good, err := a.Revoke(testTime, b)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := ParseRevocation(good); err != nil || r.ID != a.Public() || r.ReplacedBy != b.Public() {
		t.Fatalf("%v, %v", r, err)
	}
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 1
		if _, err := ParseRevocation(bad); err == nil {
			t.Fatalf("byte %d changed: taken", i)
		}
	}
	var s, other signedRevocation
	byEve, err := eve.Revoke(testTime, b)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(decodeExact(good, &s), decodeExact(byEve, &other)); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(s *signedRevocation){
		"signed by another":         func(s *signedRevocation) { s.Sig = other.Sig },
		"agreed to by another":      func(s *signedRevocation) { s.NewSig = other.NewSig },
		"not agreed to":             func(s *signedRevocation) { s.NewSig = nil },
		"one signature for both":    func(s *signedRevocation) { s.NewSig = s.Sig },
		"signatures exchanged":      func(s *signedRevocation) { s.Sig, s.NewSig = s.NewSig, s.Sig },
		"the other's whole payload": func(s *signedRevocation) { s.Payload = other.Payload },
	} {
		bad := s
		change(&bad)
		if _, err := ParseRevocation(encode(t, bad)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if _, _, err := ParseRevocationText(FormatRevocation(good)); err != nil {
		t.Error(err)
	}
}
