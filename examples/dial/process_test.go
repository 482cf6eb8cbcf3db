package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// programs is the folder with the three programs, built once for all tests.
var programs string

func TestMain(m *testing.M) {
	status, err := testAll(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = 1
	}
	os.Exit(status)
}

// testAll keeps all files of the tests in one folder, which is removed whatever happens.
func testAll(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "sotto-programs-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	release, err := guard("sleep 2; rm -rf " + dir)
	if err != nil {
		return 0, err
	}
	defer release()
	os.Setenv("TMPDIR", dir) // where T.TempDir makes its folders
	programs = dir
	build := exec.Command("go", "build", "-o", dir+string(filepath.Separator), "../relay", "../echobot", ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("go build: %w\n%s", err, out)
	}
	return m.Run(), nil
}

func program(name string) string {
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return filepath.Join(programs, name)
}

// A process is a program that runs. It ends with the test, and with the test's process.
type process struct {
	t    *testing.T
	name string
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
	out  *output       // stdout
	err  *output       // stderr
}

// start runs a command. What it writes is shown if the test fails.
func start(t *testing.T, name string, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{t: t, name: name, cmd: cmd, done: make(chan struct{}), out: newOutput(), err: newOutput()}
	stdout, err1 := cmd.StdoutPipe()
	stderr, err2 := cmd.StderrPipe()
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	release, err := guard("kill -9 " + strconv.Itoa(cmd.Process.Pid))
	if err != nil {
		cmd.Process.Kill()
		t.Fatal(err)
	}
	go func() {
		defer close(p.done)
		var reading sync.WaitGroup
		reading.Go(func() { p.out.read(stdout) })
		reading.Go(func() { p.err.read(stderr) })
		reading.Wait()
		cmd.Wait()
		release()
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("%s wrote\n%s%s", name, p.out.text(), p.err.tail())
		}
	})
	return p
}

// guard runs a shell command if this process dies without a word, as by a time limit on the tests.
func guard(command string) (release func(), err error) {
	if runtime.GOOS == "windows" {
		return func() {}, nil
	}
	g := exec.Command("sh", "-c", "trap '' INT; read end; [ \"$end\" = over ] || { "+command+"; }")
	stdin, err := g.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := g.Start(); err != nil {
		return nil, err
	}
	return func() {
		fmt.Fprintln(stdin, "over")
		g.Wait()
	}, nil
}

func (p *process) kill() {
	p.cmd.Process.Kill()
	<-p.done
}

// interrupt is Ctrl-C. It wants the program to end well.
func (p *process) interrupt(limit time.Duration) {
	p.t.Helper()
	p.cmd.Process.Signal(os.Interrupt)
	if status := p.wait(limit); status != 0 {
		p.t.Errorf("%s ended with status %d after an interrupt", p.name, status)
	}
}

// wait gives the exit status.
func (p *process) wait(limit time.Duration) int {
	p.t.Helper()
	select {
	case <-p.done:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(limit):
		p.t.Fatalf("%s has not ended after %v", p.name, limit)
		return -1
	}
}

// An output is the lines that a program wrote.
type output struct {
	mu    sync.Mutex
	lines []string
	more  chan struct{} // closed and made anew with each line
	ended bool
}

func newOutput() *output { return &output{more: make(chan struct{})} }

func (o *output) read(r io.Reader) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for more := true; more; {
		more = lines.Scan()
		o.mu.Lock()
		if more {
			o.lines = append(o.lines, lines.Text())
		}
		o.ended = !more
		close(o.more)
		o.more = make(chan struct{})
		o.mu.Unlock()
	}
	io.Copy(io.Discard, r) // after a line beyond all measure
}

// line waits for the first line, from the given one on, that holds text, and gives it and its number.
func (o *output) line(t *testing.T, from int, text string, limit time.Duration) (string, int) {
	t.Helper()
	timeout := time.After(limit)
	for {
		o.mu.Lock()
		lines, more, ended := o.lines, o.more, o.ended
		o.mu.Unlock()
		for i := from; i < len(lines); i++ {
			if strings.Contains(lines[i], text) {
				return lines[i], i
			}
		}
		if ended {
			t.Fatalf("the program ended without a line with %q", text)
		}
		select {
		case <-more:
		case <-timeout:
			t.Fatalf("no line with %q after %v", text, limit)
		}
	}
}

func (o *output) text() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.Join(append(o.lines, ""), "\n")
}

// tail is text, or the end of it.
func (o *output) tail() string {
	s := o.text()
	const most = 8000
	if len(s) > most {
		return "…" + s[len(s)-most:]
	}
	return s
}
