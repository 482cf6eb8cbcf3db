package e2ee

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
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

// A name with what draws nothing looks like the name without it, and raises no warning. Fails if Visible leaves out a table.
func TestNamesAreOfWhatCanBeSeen(t *testing.T) {
	for _, name := range []string{"", "Zoë", "日本 🐶", "I ❤\ufe0f you", "1\ufe0f⃣", "👍🏽", "العربية", "हिन्दी",
		"葛\U000e0100", "♥\ufe0e"} {
		if !Visible(name) || checkProfile(name, nil) != nil {
			t.Errorf("%q is refused", name)
		}
	}
	for _, r := range []rune{'\n', 0xa0, 0xad, 0x34f, 0x61c, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x180e, 0x200b, 0x200d, 0x2028, 0x202e,
		0x2060, 0x2065, 0x2800, 0x3164, 0xe000, 0xfeff, 0xffa0, 0xfff0, 0x1bca0, 0x1d173, 0xe0001} {
		if name := "Alice" + string(r); Visible(name) || checkProfile(name, nil) == nil {
			t.Errorf("%q is taken", name)
		}
	}
	if Visible("Alice\xff") {
		t.Error("what is no UTF-8 is taken")
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
		{"!!!", "???", false, false}, {"Bob\ufe0f", "Bob", true, true}, {"葛\U000e0100", "葛", true, true}, {"❤\ufe0f", "❤", true, false}, {"Zoë", "zoe", false, true}, {"Lisa", "|isa", false, true}, {"Max", "Mах", false, true},
	} {
		if got := SameName(tt.a, tt.b); got != tt.same {
			t.Errorf("SameName(%q, %q) = %v", tt.a, tt.b, got)
		}
		if got := LookAlike(tt.a, tt.b); got != tt.like {
			t.Errorf("LookAlike(%q, %q) = %v: %q, %q", tt.a, tt.b, got, skeleton(tt.a), skeleton(tt.b))
		}
	}
}
