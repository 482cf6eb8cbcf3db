package keystore

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// commonest spells out the passphrases of 12 characters and more that the rules of CheckPassphrase are written for: a
// popular word (as it is, capital, in leetspeak) with what people put behind it, and two popular words.
func commonest() []string {
	words := strings.Fields(popular)
	leet := strings.NewReplacer("a", "@", "e", "3", "i", "1", "o", "0", "s", "$")
	ends := []string{"1", "12", "123", "1234", "12345", "123456", "1234567", "12345678", "!", "!!", "1!", "123!", "007",
		"69", "666", "777", "2000", "2023", "2024", "2025", "2026", "1980", "1985", "1990", "1999", "@123", "#1", "qwerty"}
	var all []string
	for i, w := range words {
		for _, form := range []string{w, strings.ToUpper(w[:1]) + w[1:], leet.Replace(w)} {
			for _, end := range ends {
				all = append(all, form+end)
			}
		}
		all = append(all, w+w, w+words[(i*7+1)%len(words)], w+" "+words[(i*13+5)%len(words)]+"1")
	}
	all = slices.DeleteFunc(all, func(s string) bool { return utf8.RuneCountInString(s) < MinPassphrase })
	slices.Sort(all)
	return slices.Compact(all)
}

// Fails if a rule of isCommon is dropped.
func TestTenThousandCommonPassphrasesAreRefused(t *testing.T) {
	all := commonest()
	if len(all) < 10_000 {
		t.Fatalf("%d common passphrases, want at least 10,000", len(all))
	}
	for _, s := range all {
		if err := CheckPassphrase([]byte(s)); err == nil {
			t.Errorf("%q was accepted", s)
		}
	}
	t.Logf("%d refused", len(all))
}

func TestKnownCommonPassphrases(t *testing.T) {
	for _, s := range []string{
		"123456789012", "1234567890123", "098765432109", "qwertyuiop123", "qwertyuiop[]", "1q2w3e4r5t6y", "1qaz2wsx3edc",
		"zaq12wsxcde3", "q1w2e3r4t5y6", "asdfghjkl;'asdf", "passwordpassword", "Password1234", "P@ssw0rd1234", "p4$$w0rd2024!",
		"iloveyou1234", "iloveyouforever", "letmein12345", "Welcome12345!", "administrator", "changeme1234", "trustno1trustno1",
		"aaaaaaaaaaaa", "abcabcabcabc", "abababababab", "123123123123", "111111111111", "            ", "!!!!!!!!!!!!!!!",
		"correct horse battery staple", "Liverpool2024", "michaeljackson", "manchesterunited", "maytheforcebewithyou", "azertyuiop12",
		"qwertzuiop12", "2024-12-24 12", "dragon monkey", "x9#kQvx9#kQvx9#kQv", "xkxkkxxkkkxkx", "1234567890qwertyuiop", "abcdefghijklmnop",
	} {
		var weak *WeakError
		if err := CheckPassphrase([]byte(s)); !errors.As(err, &weak) || weak.Reason == "" {
			t.Errorf("%q: %v, want a WeakError with a reason", s, err)
		}
	}
}

func TestShortPassphrasesAreRefused(t *testing.T) {
	for _, s := range []string{"", "a", "xK9#mQ2$vL7", "żółćęśąźńót"} {
		if CheckPassphrase([]byte(s)) == nil {
			t.Errorf("%q was accepted", s)
		}
	}
	if CheckPassphrase([]byte("żółćęśąźńótk")) != nil {
		t.Error("12 characters of 2 bytes are 12 characters")
	}
	if CheckPassphrase([]byte("\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8\xf7\xf6\xf5\xf4")) == nil {
		t.Error("bytes that are no text were accepted: they could not be typed again")
	}
}

func TestGoodPassphrasesAreAccepted(t *testing.T) {
	for _, s := range []string{"gravel oboe tundra lynx", "xK9#mQ2$vL7p", "nine otters mend a kayak", "Ölförderturm im Nebel"} {
		if err := CheckPassphrase([]byte(s)); err != nil {
			t.Errorf("%q: %v", s, err)
		}
	}
	seen := make(map[string]bool)
	for range 2000 {
		s := GeneratePassphrase()
		if err := CheckPassphrase([]byte(s)); err != nil {
			t.Errorf("generated %q: %v", s, err)
		}
		seen[s] = true
	}
	if len(seen) != 2000 {
		t.Errorf("%d different passphrases of 2000", len(seen))
	}
}

func TestWeakErrorHoldsNoPassphrase(t *testing.T) {
	const secret = "Password1234"
	err := CheckPassphrase([]byte(secret))
	for _, verb := range []string{"%v", "%+v", "%#v", "%q"} {
		if out := fmt.Sprintf(verb, err); strings.Contains(out, secret) {
			t.Errorf("%s prints the passphrase", verb)
		}
	}
}

// Fails if isCommon's work is not bounded.
func FuzzCheckPassphrase(f *testing.F) {
	f.Add([]byte("Password1234"))
	f.Add([]byte(strings.Repeat("ab1!", 200)))
	f.Fuzz(func(t *testing.T, b []byte) {
		if CheckPassphrase(b) == nil && utf8.RuneCount(b) < MinPassphrase {
			t.Fatalf("%q was accepted", b)
		}
	})
}
