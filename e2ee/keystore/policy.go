package keystore

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// MinPassphrase is the shortest passphrase, in characters.
const MinPassphrase = 12

// WeakError says why a passphrase was refused. It does not hold the passphrase. A program offers what
// [GeneratePassphrase] makes in its place.
type WeakError struct{ Reason string }

func (e *WeakError) Error() string { return "keystore: passphrase refused: " + e.Reason }

// CheckPassphrase refuses a passphrase of fewer than 12 characters, or one that is common: it gives a *WeakError.
//
// Common is what the rules in weak.go derive from a list of popular words, and they derive more than ten thousand:
// up to three parts that are popular words (in any case, with 4 for a, $ for s and the like), walks over a keyboard,
// counting, years and short numbers, with punctuation between and around, and repetitions of something short.
func CheckPassphrase(passphrase []byte) error {
	if !utf8.Valid(passphrase) {
		return &WeakError{"it is not UTF-8"}
	}
	s := string(passphrase)
	if n := utf8.RuneCountInString(s); n < MinPassphrase {
		return &WeakError{"it has fewer than 12 characters"}
	}
	if isCommon(s) {
		return &WeakError{"it is among the common ones: popular words, numbers and keys side by side are guessed first"}
	}
	return nil
}

// plain lowers s and leaves out all but letters and what stands for letters or digits.
func plain(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), strings.ContainsRune("@$!", r):
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}
