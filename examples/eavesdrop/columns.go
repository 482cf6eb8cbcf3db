package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Widths in characters: 100 in all.
const (
	timeWidth = 7
	leftWidth = 42
	width     = 100
)

// row prints a line of two columns: what the two people have, and what the relay has.
func row(w io.Writer, at, left, right string) {
	rest := width - timeWidth - leftWidth - 4
	fmt.Fprintf(w, "%*s %s | %s\n", timeWidth, at, pad(clip(left, leftWidth), leftWidth), clip(right, rest))
}

func rule(w io.Writer) { fmt.Fprintln(w, strings.Repeat("-", width)) }

func pad(s string, n int) string { return s + strings.Repeat(" ", max(0, n-utf8.RuneCountInString(s))) }

// clip shortens s to n characters.
func clip(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}

// excerpt is n bytes from the middle of a packet, in hexadecimal.
func excerpt(b []byte, n int) string {
	from := len(b) / 2
	return hex.EncodeToString(b[from:min(len(b), from+n)]) + "…"
}

// wrap breaks text into lines of at most n characters.
func wrap(text string, n int) (lines []string) {
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > n {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}

// paragraph prints texts under a label, each wrapped and indented.
func paragraph(w io.Writer, label string, texts ...string) {
	const indent = 12
	for _, t := range texts {
		for _, l := range wrap(t, width-indent) {
			fmt.Fprintf(w, "    %-*s%s\n", indent-4, label, l)
			label = ""
		}
	}
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
