package main

import (
	"flag"
	"io"
	"strings"
	"testing"
	"time"
)

// Faults of the flags are said together, before anything is touched.
func TestFlags(t *testing.T) {
	for _, c := range []struct {
		args string
		want []string // in the error; none: no error
	}{
		{"", nil},
		{"-listen cat -think cat -speak cat -silence 500ms", nil},
		{"-speak cat", []string{"-speak needs -listen"}},
		{"-listen cat -think cat", []string{"-think needs -speak"}},
		{"-listen no-such-program", []string{"-listen", "is it installed?"}},
		{"-silence 100ms -blip 1ms -longest 1ms -limit 0s -speak-rate 7", []string{"-silence", "-blip", "-longest", "-limit", "-speak-rate"}},
	} {
		var o options
		f := flag.NewFlagSet("", flag.ContinueOnError)
		o.register(f)
		if err := f.Parse(strings.Fields(c.args)); err != nil {
			t.Fatal(err)
		}
		_, err := o.mind()
		if len(c.want) == 0 && err != nil {
			t.Errorf("%q: %v", c.args, err)
		}
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%q: %v, want something about %s", c.args, err, want)
			}
		}
	}
	o := options{limit: time.Second, speakRate: 16000, maxCalls: 1, ttl: 1, turn: someTurns, transcript: "/no/such/folder/file"}
	if err := run(t.Context(), o, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), "-transcript") {
		t.Errorf("a file that cannot be: %v", err)
	}
}

// Text of others is one line, and a message of it is small enough for the call whatever is in it.
func TestPlain(t *testing.T) {
	for in, want := range map[string]string{
		" a\n\tb \u0085c\x00d\u2028e \xff": "a b c d e \uFFFD",
		"\x1b[31mred":                      "[31mred",
		"":                                 "",
	} {
		if got := plain(in); got != want {
			t.Errorf("%q gives %q, want %q", in, got, want)
		}
	}
	worst := []byte(strings.Repeat(`"\`, mostText/2))
	for _, s := range []string{string(worst), strings.Repeat("\xff", mostText), strings.Repeat("\u0090x", mostText/3)} {
		b, err := line(entry{Text: plain(s)})
		if err != nil || len(b) > 16<<10 || strings.Contains(string(b), "\n") {
			t.Errorf("a message of %d bytes: %v", len(b), err)
		}
	}
}
