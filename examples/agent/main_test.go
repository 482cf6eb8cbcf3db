package main

import (
	"bufio"
	"context"
	"flag"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/call/calltest"
	"github.com/sotto-calls/sotto/e2ee"
	"github.com/sotto-calls/sotto/examples/internal/person"
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

// Without flags the agent makes its own relay, which its invitations name, answers whoever uses one, and keeps nothing.
func TestAlone(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	var o options
	o.register(flag.NewFlagSet("", flag.ContinueOnError))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out, in := io.Pipe()
	defer out.Close()
	done := make(chan error, 1)
	go func() { done <- run(ctx, o, in, t.Output()) }()
	printed := bufio.NewReader(out)
	first, err := printed.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	go printed.WriteTo(io.Discard) // the next invitation, and until out is closed
	inv, err := e2ee.ParseInvitation(strings.TrimSpace(first))
	if err != nil {
		t.Fatalf("%q: %v", first, err)
	}
	a := ring(t, join(t, inv))
	a.sayUntil(time.Second, "the parrot answers", func() bool {
		return a.answers() && slices.ContainsFunc(a.entries, func(e entry) bool { return e.Who == "agent" && e.Seconds > 0.2 })
	})
	a.hangUp()
	out.Close()
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if files, _ := os.ReadDir(os.Getenv("XDG_CONFIG_HOME")); len(files) != 0 {
		t.Errorf("it has left %v", files)
	}
}

// join is somebody new who has used an invitation, and may ring whoever made it.
func join(t *testing.T, inv e2ee.Invitation) *calltest.Side {
	t.Helper()
	p, err := person.Online(t.Context(), person.Flags{Relay: inv.Relays[0], Name: "Guest", Loopback: "auto", Passing: true}, person.Service{}, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	letter, err := p.Contacts.Use(inv, "Agent")
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Client.Deliver(t.Context(), letter); err != nil {
		t.Fatal(err)
	}
	for patience := time.After(15 * time.Second); ; {
		changed := p.Contacts.Changed() // before looking, or a change in between goes unseen
		if host, ok := p.Contacts.Lookup(inv.From); ok && host.State == e2ee.Confirmed {
			return &calltest.Side{Client: p.Client, Peer: host}
		}
		select {
		case <-changed:
		case <-patience:
			t.Fatal("nobody has confirmed in 15 s")
		}
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
