package keystore

import (
	_ "embed"
	"strings"
	"sync"
)

// popular holds the words that passwords are made of: written for this project from what is generally known of leaked
// passwords (names, sports, animals, love, films, sites, seasons, set phrases, keyboard words); no list was copied.
//
//go:embed popular.txt
var popular string

// stems are the popular words by their first letter.
var stems = sync.OnceValue(func() map[byte][]string {
	m := make(map[byte][]string)
	for w := range strings.FieldsSeq(popular) {
		m[w[0]] = append(m[w[0]], w)
	}
	return m
})

// maxParts is how many guessable parts make a passphrase that is still common. A part is worth some 10 bits.
const maxParts = 3

// maxGuess bounds the work: what is longer than this is no common passphrase unless it repeats itself.
const maxGuess = 64

// isCommon says whether few guessable parts make up all of s.
func isCommon(s string) bool {
	p := plain(s)
	if len(p) == 0 {
		return true // punctuation alone
	}
	if unit := repeatedUnit(p); len(unit) < len(p) {
		if len(unit) <= 6 {
			return true
		}
		p = unit
	}
	if distinct(p) < 5 {
		return true
	}
	return len(p) <= maxGuess && fewestParts(p) <= maxParts
}

// repeatedUnit is the shortest string of which p is a repetition, the last one perhaps cut short.
func repeatedUnit(p string) string {
	for n := 1; n <= len(p)/2; n++ {
		if strings.HasPrefix(p, p[n:]) {
			return p[:n]
		}
	}
	return p
}

func distinct(p string) int {
	seen := make(map[rune]bool)
	for _, r := range p {
		seen[r] = true
	}
	return len(seen)
}

// fewestParts is the least number of guessable parts that p is made of, or more than maxParts.
func fewestParts(p string) int {
	best := make([]int, len(p)+1) // best[i]: parts for p[:i], from 1; 0: none
	best[0] = 1
	for i := range p {
		if best[i] == 0 {
			continue
		}
		reach := func(n, parts int) {
			if at := &best[i+n]; *at == 0 || best[i]+parts < *at {
				*at = best[i] + parts
			}
		}
		if p[i] == '!' || p[i] == '$' || p[i] == '@' {
			reach(1, 0) // punctuation rather than a letter
		}
		for n := 3; n <= walk(p[i:]); n++ {
			reach(n, 1)
		}
		for n := 1; n <= digits(p[i:]) && n <= 8; n++ {
			reach(n, (n+3)/4)
		}
		for _, n := range words(p[i:]) {
			reach(n, 1)
		}
	}
	if best[len(p)] == 0 {
		return maxParts + 1
	}
	return best[len(p)] - 1
}

// digits is how many digits p starts with.
func digits(p string) int {
	return len(p) - len(strings.TrimLeft(p, "0123456789"))
}

// words gives the lengths of the popular words that p starts with.
func words(p string) []int {
	var out []int
	for _, first := range []byte(asLetters(p[0])) {
		for _, w := range stems()[first] {
			if matches(p, w) {
				out = append(out, len(w))
			}
		}
	}
	return out
}

func matches(p, word string) bool {
	if len(p) < len(word) {
		return false
	}
	for i := range len(word) {
		if strings.IndexByte(asLetters(p[i]), word[i]) < 0 {
			return false
		}
	}
	return true
}

// asLetters gives the letters that people write c for, and c.
func asLetters(c byte) string {
	switch c {
	case '0':
		return "0o"
	case '1', '!':
		return "1il"
	case '3':
		return "3e"
	case '4', '@':
		return "4a"
	case '5', '$':
		return "5s"
	case '7':
		return "7t"
	case '8':
		return "8b"
	}
	return string(rune(c))
}
