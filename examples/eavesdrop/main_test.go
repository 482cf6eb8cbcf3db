package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/sotto-calls/sotto/call/calltest"
)

// A call through the hostile relay: nothing is found, what was leaked on purpose is. It fails when newReport searches for
// nothing, and when control does not leak.
func TestListen(t *testing.T) {
	var out, say bytes.Buffer
	if err := run(t.Context(), options{json: true, duration: 600 * time.Millisecond}, &out, &say); err != nil {
		t.Fatalf("%v\n%s", err, &say)
	}
	var r report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Searches) < 10 || len(r.Controls) != 1 || r.Relay.Packets < 8 || r.Relay.Datagrams < 50 || r.Relay.Mailboxes != 4 ||
		len(r.Relay.Addresses) < 2 || !r.EmojiMatch {
		t.Errorf("%+v", r)
	}
	for _, s := range r.Searches {
		if s.Packets+s.Media != 0 {
			t.Errorf("the relay has %v", s)
		}
	}
	for _, want := range []string{"Bob reads: Invite", "Alice reads: Accept", "Bob reads: Welcome", "SRTP packets", "frame-of-Alice"} {
		if !strings.Contains(say.String(), want) {
			t.Errorf("no %q in\n%s", want, &say)
		}
	}
	narrow(t, say.String())
}

// Every attempt is a row, on real sockets. It fails when verdict or Attempt.Harmless say yes to everything.
func TestInterfere(t *testing.T) {
	if testing.Short() {
		t.Skip("twenty seconds of calls")
	}
	var out, say bytes.Buffer
	if err := run(t.Context(), options{mitm: true, json: true, ring: 15 * time.Second}, &out, &say); err != nil {
		t.Fatalf("%v\n%s", err, &say)
	}
	var rows []calltest.Attempt
	if err := json.Unmarshal(out.Bytes(), &rows); err != nil {
		t.Fatal(err)
	}
	if want := len(calltest.Attacks()) + len(calltest.MediaAttacks()); len(rows) != want {
		t.Errorf("%d rows, want %d", len(rows), want)
	}
	for _, r := range rows {
		if !r.Harmless() || len(r.Why) == 0 || r.Tried == "" {
			t.Errorf("%+v", r)
		}
	}
	narrow(t, say.String())
}

func TestVerdict(t *testing.T) {
	good := calltest.Attempt{Acts: 1, Connected: true}
	for name, bad := range map[string]calltest.Attempt{"success": {Acts: 1, Succeeded: true}, "not made": {}} {
		var say bytes.Buffer
		if verdict(&say, []calltest.Attempt{good, bad, good}) == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if err := verdict(&bytes.Buffer{}, []calltest.Attempt{good}); err != nil {
		t.Error(err)
	}
}

func TestInterrupted(t *testing.T) {
	for _, mitm := range []bool{false, true} {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		start := time.Now()
		err := run(ctx, options{mitm: mitm, duration: time.Hour, ring: time.Minute}, &bytes.Buffer{}, &bytes.Buffer{})
		cancel()
		if !errors.Is(err, errInterrupted) {
			t.Errorf("mitm %v: %v", mitm, err)
		}
		if took := time.Since(start); took > 15*time.Second {
			t.Errorf("mitm %v: ended after %v", mitm, took)
		}
	}
}

func narrow(t *testing.T, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > width {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}
