//go:build unix

package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// script is the command that runs a few lines of sh.
func script(t *testing.T, body string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fake")
	if err := os.WriteFile(path, []byte(body+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return "sh " + path
}

func newTestCommand(t *testing.T, body string, limit time.Duration) *command {
	t.Helper()
	c, err := newCommand("-listen", script(t, body), limit)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCommandText(t *testing.T) {
	for _, c := range []struct{ name, body, want, fault string }{
		{"echo", "cat", "the words", ""},
		{"it need not read", "echo done", "done", ""},
		{"many lines", `printf 'a\n\tb\r\n\033[2Jc\n'`, "a b [2Jc", ""},
		{"nothing", "true", "", ""},
		{"it fails", "echo the model is missing >&2; exit 3", "", `-listen sh: exit status 3; it said "the model is missing\n"`},
		{"it fails in silence", "exit 4", "", "-listen sh: exit status 4"},
		{"it floods", "yes", "", "-listen sh: wrote more than 4096 bytes and was killed"},
		{"it floods stderr", "yes | head -c 100000 >&2; exit 5", "", `exit status 5; it said "y`},
		{"it hangs", "sleep 60", "", "-listen sh: took too long and was killed (-limit is 500ms)"},
		{"it trickles", "while sleep 0.2; do echo; done", "", "took too long"},
		{"it closes its output and hangs", "exec >&- 2>&-; sleep 60", "", "took too long"},
		{"its child holds the output", "sleep 60 & echo $!", "", "took too long"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			limit := 20 * time.Second
			if strings.Contains(c.fault, "too long") {
				limit = 500 * time.Millisecond
			}
			got, err := newTestCommand(t, c.body, limit).text(t.Context(), []byte("the words"))
			switch {
			case c.fault == "" && (err != nil || got != c.want):
				t.Errorf("%q, %v, want %q", got, err, c.want)
			case c.fault != "" && (err == nil || !strings.Contains(err.Error(), c.fault)):
				t.Errorf("%v, want something with %q", err, c.fault)
			case err != nil && len(err.Error()) > 2*lastWords:
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
		})
	}
}

// The words of a command are arguments as they stand: no shell sees them.
func TestCommandHasNoShell(t *testing.T) {
	c, err := newCommand("-speak", "echo  $HOME ; 'a  b'", 20*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := c.text(t.Context(), nil); err != nil || got != "$HOME ; 'a b'" {
		t.Errorf("%q, %v", got, err)
	}
	if c, err := newCommand("-speak", " ", time.Second); c != nil || err != nil {
		t.Errorf("no command: %v, %v", c, err)
	}
	if _, err := newCommand("-speak", "no-such-program -v", time.Second); err == nil || !strings.Contains(err.Error(), "is it installed?") {
		t.Errorf("no such program: %v", err)
	}
}

// A program that fails takes with it what it has started.
func TestCommandFailsWhole(t *testing.T) {
	pids := filepath.Join(t.TempDir(), "pids")
	c := newTestCommand(t, "sleep 60 >/dev/null 2>&1 & echo $! >"+pids+"; exit 3", 20*time.Second)
	if _, err := c.text(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "exit status 3") {
		t.Error(err)
	}
	awaitDeaths(t, pids)
}

// A program that succeeds leaves nothing behind either. Mutation: killGroup after an error alone.
func TestCommandLeavesNothingBehind(t *testing.T) {
	pids := filepath.Join(t.TempDir(), "pids")
	c := newTestCommand(t, "sleep 60 >/dev/null 2>&1 & echo $! >"+pids+"; echo done", 20*time.Second)
	if got, err := c.text(t.Context(), nil); err != nil || got != "done" {
		t.Errorf("%q, %v", got, err)
	}
	awaitDeaths(t, pids)
}

// A program that a peer has a say in gets no path of a passphrase, and cannot speak for us to systemd. Mutation: stream leaves Env
// as it is.
func TestCommandEnvironment(t *testing.T) {
	secrets := []string{"SOTTO_PASSPHRASE_FILE", "CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET"}
	for _, name := range secrets {
		t.Setenv(name, "/secret")
	}
	t.Setenv("HOME", "/home of ours")
	got, err := newTestCommand(t, "echo $HOME; env", 20*time.Second).text(t.Context(), nil)
	if err != nil || !strings.HasPrefix(got, "/home of ours ") || strings.Contains(got, "/secret") {
		t.Errorf("%q, %v", got, err)
	}
}

// What a program writes is taken as it comes. When the call ends, or whoever takes it has enough, it dies with what it
// started.
func TestCommandDiesWithItsContext(t *testing.T) {
	enough := errors.New("enough")
	for _, end := range []string{"context", "taker"} {
		pids := filepath.Join(t.TempDir(), "pids")
		c := newTestCommand(t, "sleep 60 & echo $$ $! >"+pids+"; echo first; wait", 20*time.Second)
		ctx, cancel := context.WithCancelCause(t.Context())
		err := c.stream(ctx, nil, 100, func(r io.Reader) error {
			b := make([]byte, 6)
			if _, err := io.ReadFull(r, b); err != nil {
				return err
			}
			if end == "taker" {
				return enough
			}
			cancel(enough)
			_, err := io.ReadAll(r)
			return err
		})
		if !errors.Is(err, enough) {
			t.Errorf("%s: %v", end, err)
		}
		cancel(nil)
		awaitDeaths(t, pids)
	}
}
