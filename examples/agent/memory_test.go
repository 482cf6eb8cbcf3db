package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// What waits for an answer is bounded: the newest of it stays, and one that is too long by itself. Mutations: recent keeps all, or
// the oldest.
func TestRecent(t *testing.T) {
	var said []string
	for range 100 {
		said = recent(append(said, strings.Repeat("x", mostText/4-1)))
	}
	said = recent(append(said, "last"))
	if n := len(strings.Join(said, "\n")); n > mostText || len(said) != 4 || said[3] != "last" {
		t.Errorf("%d bytes in %d", n, len(said))
	}
	if said = recent(append(said, strings.Repeat("y", 2*mostText))); len(said) != 1 || said[0][0] != 'y' {
		t.Errorf("%d are left", len(said))
	}
}

// A message fits into a call, whatever its text, and is whole JSON of whole runes; a text that fits is not touched. Mutations:
// message without its loop; shorter without RuneStart.
func TestMessageFits(t *testing.T) {
	for _, piece := range []string{"x", "ä", "\U0001f600", `"\`, "\x01", "aä"} {
		for _, pad := range []string{"", "x", "xx", "xxx"} { // so that each byte of a rune is where the text would be cut
			testMessageFits(t, pad+strings.Repeat(piece, 40<<10/len(piece)))
		}
	}
	fits := strings.Repeat("x", 15<<10)
	if b, err := message(entry{Text: fits}); err != nil || !strings.Contains(string(b), fits) {
		t.Errorf("a text that fits: %v", err)
	}
}

func testMessageFits(t *testing.T, text string) {
	t.Helper()
	b, err := message(entry{Who: "agent", Text: text})
	var got entry
	if err != nil || len(b) > mostMessage || json.Unmarshal(b, &got) != nil {
		t.Fatalf("%.8q: %d bytes, %v", text, len(b), err)
	}
	kept, cut := strings.CutSuffix(got.Text, "…")
	if !cut || !strings.HasPrefix(text, kept) || len(kept) < 1<<10 {
		t.Errorf("%.8q: %d bytes of text, cut %v", text, len(got.Text), cut)
	}
}
