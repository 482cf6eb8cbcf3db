package media

import (
	"bytes"
	"slices"
	"testing"
)

// TestParseRED: blocks come apart as RFC 2198 has them, and nothing else passes.
func TestParseRED(t *testing.T) {
	p, ok := parseRED([]byte("\xef\x1e\x00\x02\xef\x0f\x00\x01\x6faabc"))
	if !ok || string(p.primary) != "c" || p.count != 2 || string(p.copies[0].data) != "aa" || p.copies[0].back != 1920 ||
		string(p.copies[1].data) != "b" || p.copies[1].back != 960 {
		t.Errorf("%v %+v", ok, p)
	}
	if p, ok := parseRED([]byte("\x6fabc")); !ok || string(p.primary) != "abc" || p.count != 0 {
		t.Errorf("no copies: %v %+v", ok, p)
	}
	for _, bad := range []string{
		"", "\x6f", "\xef", "\xef\x0f\x00", "\xef\x0f\x00\x01", "\xef\x0f\x00\x01\x6f", "\xef\x0f\x00\x01\x6fa",
		"\xef\x0f\x00\x05\x6fabc", "\xef\x0f\x03\xff\x6fabc",
		string(bytes.Repeat([]byte("\xef\x0f\x00\x00"), maxCopies+1)) + "\x6fa",
	} {
		if _, ok := parseRED([]byte(bad)); ok {
			t.Errorf("%x was taken", bad)
		}
	}
}

// TestWrapRED: what is wrapped comes apart again, and a copy that no block can tell of is left out.
func TestWrapRED(t *testing.T) {
	var w redWriter
	for _, c := range []struct {
		frame  []byte
		ts     uint32
		copies int
	}{
		{[]byte("first"), 4294967000, 0},
		{[]byte("second"), 664, 1}, // timestamps wrap
		{[]byte("the same moment"), 664, 0},
		{[]byte("after a pause"), 664 + maxBack, 0},
		{bytes.Repeat([]byte("x"), maxBlock-1), 2*maxBack + 663, 1},
		{bytes.Repeat([]byte("y"), maxBlock), 2*maxBack + 1000, 0}, // too large together
		{[]byte("after a large one"), 2*maxBack + 2000, 0},
		{[]byte("last"), 2*maxBack + 3000, 1},
	} {
		before, at := string(w.last), w.at
		p, ok := parseRED(w.wrap(c.frame, c.ts, 111))
		if !ok || !bytes.Equal(p.primary, c.frame) || p.count != c.copies {
			t.Fatalf("%.20q: %v, %d copies", c.frame, ok, p.count)
		}
		if c.copies == 1 && (string(p.copies[0].data) != before || p.copies[0].back != c.ts-at) {
			t.Errorf("%.20q: the copy is %q, %d before", c.frame, p.copies[0].data, p.copies[0].back)
		}
	}
	frame := make([]byte, 100)
	if n := testing.AllocsPerRun(100, func() { w.wrap(frame, w.at+960, 111) }); n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
}

// TestREDCopies: copies are used for what is missing, oldest first, and never twice.
func TestREDCopies(t *testing.T) {
	p := func(back ...uint32) *redPayload {
		p := &redPayload{primary: []byte("x"), count: len(back)}
		for i, b := range back {
			p.copies[i] = redBlock{data: []byte{byte(i)}, back: b}
		}
		return p
	}
	for _, c := range []struct {
		p    *redPayload
		last uint32 // before ts 100000
		most int
		want []uint32
	}{
		{p(1920, 960), 100000 - 2880, 2, []uint32{1920, 960}},
		{p(1920, 960), 100000 - 1920, 1, []uint32{960}},
		{p(1920, 960), 100000 - 960, 1, nil},
		{p(1920, 960), 100000 - 9600, 9, []uint32{1920, 960}},
		{p(1920, 960), 100000 - 2880, 1, []uint32{960}},
		{p(960, 1920, 960, 0), 100000 - 2880, 9, []uint32{960}}, // out of order
		{p(16383), 4294967295, 9, []uint32{16383}},              // timestamps wrap
	} {
		var got []uint32
		for _, b := range c.p.since(100000, c.last, c.most) {
			got = append(got, b.back)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("after %d, at most %d: %v, want %v", c.last, c.most, got, c.want)
		}
	}
}

// FuzzRED: blocks lie in the payload, one after the other.
func FuzzRED(f *testing.F) {
	f.Add([]byte("\xef\x1e\x00\x02\xef\x0f\x00\x01\x6faabc"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, ok := parseRED(b)
		if !ok {
			return
		}
		rest := len(p.primary)
		for _, c := range p.copies[:p.count] {
			rest += len(c.data)
		}
		if len(p.primary) == 0 || rest+4*p.count+1 != len(b) || len(p.since(7, 1, 3)) > 3 {
			t.Fatalf("%x: %+v", b, p)
		}
	})
}
