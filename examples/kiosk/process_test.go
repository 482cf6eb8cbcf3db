//go:build unix

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
	"syscall"
	"testing"
	"time"
)

// slow is how long a step may take that should take a moment: the machine may be busy.
const slow = 30 * time.Second

// programs is a folder for what built makes.
var programs string

func TestMain(m *testing.M) {
	var err error
	if programs, err = os.MkdirTemp("", "sotto-kiosk-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	status := m.Run()
	os.RemoveAll(programs)
	os.Exit(status)
}

var building sync.Mutex

// built makes the program once for all tests, without cgo, for a machine of this architecture.
func built(t *testing.T, arch string) string {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("signals and the service manager are tested on Linux")
	}
	building.Lock()
	defer building.Unlock()
	path := filepath.Join(programs, arch)
	if _, err := os.Stat(path); err == nil {
		return path
	}
	build := exec.Command("go", "build", "-trimpath", "-o", path, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}

// A process is a kiosk that runs. It ends with the test, and with the test's process.
type process struct {
	t     *testing.T
	cmd   *exec.Cmd
	stdin io.Writer
	said  *lines
	more  chan struct{} // holds one when it may have said more
	done  chan struct{}
}

func startProcess(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{t: t, cmd: cmd, said: &lines{}, more: make(chan struct{}, 1), done: make(chan struct{})}
	stdin, err1 := cmd.StdinPipe()
	stderr, err2 := cmd.StderrPipe()
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	p.stdin = stdin
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	release := guard(t, cmd.Process.Pid)
	var reading sync.WaitGroup
	reading.Go(func() {
		for r := bufio.NewReader(stderr); ; {
			line, err := r.ReadString('\n')
			io.WriteString(p.said, line)
			select {
			case p.more <- struct{}{}:
			default:
			}
			if err != nil {
				return
			}
		}
	})
	go func() {
		defer close(p.done)
		reading.Wait()
		cmd.Wait()
		release()
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-p.done
		if t.Failed() {
			t.Logf("the kiosk said\n%s", p.said)
		}
	})
	return p
}

// guard ends a process if this one dies without a word, as by a time limit on the tests.
func guard(t *testing.T, pid int) (release func()) {
	t.Helper()
	g := exec.Command("sh", "-c", "trap '' INT; read end; [ \"$end\" = over ] || kill -9 "+strconv.Itoa(pid))
	stdin, err := g.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Start(); err != nil {
		t.Fatal(err)
	}
	return func() {
		fmt.Fprintln(stdin, "over")
		g.Wait()
	}
}

// line waits for the n-th line that holds text.
func (p *process) line(text string, n int) string {
	p.t.Helper()
	timeout := time.After(slow)
	for {
		left := n
		for line := range strings.Lines(p.said.String()) {
			if strings.Contains(line, text) {
				if left--; left == 0 {
					return strings.TrimSpace(line)
				}
			}
		}
		select {
		case <-p.more:
		case <-p.done:
			p.t.Fatalf("the kiosk ended without a line with %q", text)
		case <-timeout:
			p.t.Fatalf("no line %d with %q after %v", n, text, slow)
		}
	}
}

// ends waits for the end of the process.
func (p *process) ends(limit time.Duration) {
	p.t.Helper()
	select {
	case <-p.done:
		if status := p.cmd.ProcessState.ExitCode(); status != 0 {
			p.t.Errorf("it ended with status %d", status)
		}
	case <-time.After(limit):
		p.cmd.Process.Signal(syscall.SIGQUIT) // where do its goroutines stand?
		select {
		case <-p.done:
		case <-time.After(limit):
		}
		p.t.Fatalf("it has not ended after %v", limit)
	}
}
