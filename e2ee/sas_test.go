package e2ee

import (
	"crypto/rand"
	"strings"
	"testing"
)

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
