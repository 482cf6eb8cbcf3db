package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/sotto-calls/sotto/examples/internal/environ"
)

const (
	mostText   = 4 << 10  // bytes that -listen and -think may write
	mostSpoken = 32 << 20 // bytes of sound that -speak may write for one answer: minutes
	longest    = 10 * time.Minute
	lastWords  = 300 // bytes of stderr that an error shows
)

// errSlow is why a program was killed that took too long.
var errSlow = errors.New("too slow")

// A command is a program of the user's. Nothing is given to a shell: the words of the command are split at spaces, and
// quotes mean nothing.
type command struct {
	role  string // the flag that named it
	path  string
	args  []string
	limit time.Duration // for all it writes, or with stream between two pieces of it
}

// newCommand finds the program; nil for an empty line.
func newCommand(role, line string, limit time.Duration) (*command, error) {
	words := strings.Fields(line)
	if len(words) == 0 {
		return nil, nil
	}
	path, err := exec.LookPath(words[0])
	if err != nil {
		return nil, fmt.Errorf("%s: %w: is it installed?", role, err)
	}
	return &command{role: role, path: path, args: words[1:], limit: limit}, nil
}

// text runs the program and returns what it wrote, in one line.
func (c *command) text(ctx context.Context, stdin []byte) (string, error) {
	var out []byte
	ctx, cancel := context.WithTimeoutCause(ctx, c.limit, errSlow)
	defer cancel()
	err := c.stream(ctx, stdin, mostText, func(r io.Reader) (err error) {
		out, err = io.ReadAll(r)
		return err
	})
	return plain(string(out)), err
}

// plain makes one line of a text, without control characters.
func plain(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	words := strings.FieldsFunc(s, func(r rune) bool {
		return r <= ' ' || r == 0x7f || r >= 0x80 && r <= 0xa0 || r == 0x2028 || r == 0x2029
	})
	return strings.Join(words, " ")
}

// stream runs the program and gives take what it writes while it writes: at most so many bytes. The program and those
// that it started are dead when stream returns. They get nothing of our own environment but what programs need to find their way.
func (c *command) stream(ctx context.Context, stdin []byte, most int64, take func(io.Reader) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ctx, timeUp := context.WithTimeoutCause(ctx, longest, errSlow)
	defer timeUp()
	cmd := exec.CommandContext(ctx, c.path, c.args...)
	cmd.Env = environ.Bare(os.Environ())
	group(cmd)
	cmd.WaitDelay = time.Second
	cmd.Stdin = bytes.NewReader(stdin)
	last := &tail{}
	cmd.Stderr = last
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return c.errorf("%w", err)
	}
	if err := cmd.Start(); err != nil {
		return c.errorf("%w", err)
	}
	hangUp := context.AfterFunc(ctx, func() { stdout.Close() }) // a grandchild may hold the other end
	defer hangUp()
	slow := time.AfterFunc(c.limit, func() { cancel(errSlow) })
	defer slow.Stop()
	r := &guarded{r: stdout, left: most, limit: c.limit, slow: slow}
	taken := take(r)
	if taken != nil && !errors.Is(taken, errSilent) { // whoever wrote nothing has an exit status to tell why
		cancel(taken)
	}
	slow.Reset(c.limit)
	ended := cmd.Wait()
	killGroup(cmd) // also after a success: what is left behind would outlive the call
	return c.explain(ctx, taken, ended, r, last)
}

// explain says what went wrong, after the program has ended.
func (c *command) explain(ctx context.Context, taken, ended error, r *guarded, last *tail) error {
	stopped := context.Cause(ctx)
	switch {
	case r.flooded:
		return c.errorf("wrote more than %d bytes and was killed", r.read+r.left)
	case errors.Is(stopped, errSlow):
		return c.errorf("took too long and was killed (-limit is %v)", c.limit)
	case stopped != nil: // the call ended, the caller spoke, or what it wrote was no good
		return c.errorf("%w", stopped)
	case ended != nil && !errors.Is(ended, exec.ErrWaitDelay) && len(last.b) > 0:
		return c.errorf("%w; it said %q", ended, last.b)
	case ended != nil && !errors.Is(ended, exec.ErrWaitDelay):
		return c.errorf("%w", ended)
	case taken != nil:
		return c.errorf("%w", taken)
	}
	return nil
}

func (c *command) errorf(format string, args ...any) error {
	return fmt.Errorf("%s %s: "+format, append([]any{c.role, filepath.Base(c.path)}, args...)...)
}

// guarded reads what a program writes, as long as it neither writes too much nor lets us wait too long. The time that the
// reader of guarded takes does not count.
type guarded struct {
	r       io.Reader
	read    int64
	left    int64
	flooded bool
	limit   time.Duration
	slow    *time.Timer
}

var errFlood = errors.New("too much")

// Read gives errFlood when too much has come.
func (g *guarded) Read(p []byte) (int, error) {
	g.slow.Reset(g.limit)
	defer g.slow.Stop()
	n, err := g.r.Read(p)
	if int64(n) > g.left {
		g.flooded = true
		return 0, errFlood
	}
	g.read, g.left = g.read+int64(n), g.left-int64(n)
	return n, err
}

// A tail keeps the end of what is written to it.
type tail struct{ b []byte }

// Write never fails.
func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p[max(len(p)-lastWords, 0):]...)
	t.b = t.b[max(len(t.b)-lastWords, 0):]
	return len(p), nil
}
