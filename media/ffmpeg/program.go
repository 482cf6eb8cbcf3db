package ffmpeg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A program is an ffmpeg that was found, and what it can do.
type program struct {
	path     string
	major    int // of its version; 1000 for one built from the repository, which has none
	encoders map[string]bool
}

const oldest = 4 // the major version below which nothing here was tried

// find looks for ffmpeg and asks it for its version and encoders.
func find(ctx context.Context, path string) (program, error) {
	if path == "" {
		path = "ffmpeg"
	}
	full, err := exec.LookPath(path)
	if err == nil {
		full, err = filepath.Abs(full) // it may be started in another directory
	}
	if err != nil {
		return program{}, notInstalled(path, err)
	}
	out, words, err := ask(ctx, command{op: "list encoders", program: full, args: []string{"-nostdin", "-encoders"}}, 1<<20)
	if err != nil {
		return program{}, err
	}
	p := program{path: full, major: version(words), encoders: encoders(out)}
	if p.major < oldest {
		return program{}, fmt.Errorf("ffmpeg: %s is version %d: version %d or newer is needed", path, p.major, oldest)
	}
	return p, nil
}

var versionLine = regexp.MustCompile(`ffmpeg version n?(\d+)\.`)

// version is the major one.
func version(banner string) int {
	m := versionLine.FindStringSubmatch(banner)
	if m == nil {
		return 1000
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return 1000
	}
	return n
}

// encoders takes the names out of ffmpeg's table: six flags, a name, a description.
func encoders(table string) map[string]bool {
	names := map[string]bool{}
	for line := range strings.Lines(table) {
		if f := strings.Fields(line); len(f) > 2 && len(f[0]) == 6 && f[1] != "=" {
			names[f[1]] = true
		}
	}
	return names
}

// need returns the first of these encoders that there is.
func (p program) need(what string, names ...string) (string, error) {
	for _, n := range names {
		if p.encoders[n] {
			return n, nil
		}
	}
	return "", fmt.Errorf("ffmpeg: %s was built without an encoder for %s: it needs %s; install a full build of ffmpeg",
		p.path, what, strings.Join(names, " or "))
}

// ffprobe is beside ffmpeg, or in PATH.
func (p program) ffprobe() (string, error) {
	beside := filepath.Join(filepath.Dir(p.path), strings.Replace(filepath.Base(p.path), "ffmpeg", "ffprobe", 1))
	if path, err := exec.LookPath(beside); err == nil && path != p.path {
		return path, nil
	}
	path, err := exec.LookPath("ffprobe")
	if err != nil {
		return "", notInstalled("ffprobe", fmt.Errorf("%w (or say NoVideo or NoAudio, then nothing needs to be asked)", err))
	}
	return path, nil
}

// ask runs a process to its end, or that of ctx, and returns what it wrote: at most limit bytes of it, and its last words.
func ask(ctx context.Context, c command, limit int64) (out, words string, err error) {
	c.outputs = 1
	p, err := c.start()
	if err != nil {
		return "", "", err
	}
	defer p.stop()
	defer context.AfterFunc(ctx, p.stop)()
	b, err := io.ReadAll(io.LimitReader(p.out[0], limit))
	if ctx.Err() != nil {
		return "", "", &Error{Op: c.op, Words: p.tail.words(), Err: ctx.Err()}
	}
	if err != nil {
		return "", "", &Error{Op: c.op, Err: err}
	}
	if int64(len(b)) == limit {
		return "", "", &Error{Op: c.op, Err: errors.New("it writes without end")}
	}
	err = p.finish(2 * time.Second)
	return string(b), p.tail.words(), err
}
