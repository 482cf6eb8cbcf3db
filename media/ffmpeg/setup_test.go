package ffmpeg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/media"
)

const (
	picture = "testsrc2=size=320x240:rate=30"
	tone    = "sine=frequency=1000:sample_rate=48000:samples_per_frame=480"
	both    = picture + "[out0];" + tone + "[out1]"
)

// shared is a directory for what several tests read.
var shared string

// need skips a test where a program is missing, or fails it where all must be there.
func need(t testing.TB, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err == nil {
			continue
		}
		if os.Getenv("SOTTO_REQUIRE") == "1" {
			t.Fatalf("SOTTO_REQUIRE=1, but %s is not installed", p)
		}
		t.Skipf("%s is not installed", p)
	}
}

// script writes a program that takes ffmpeg's place.
func script(t testing.TB, body string) string {
	t.Helper()
	need(t, "sh")
	path := filepath.Join(t.TempDir(), "ffmpeg")
	encoders := "case \"$*\" in *-encoders*) echo 'ffmpeg version 5.1 x' >&2; echo ' V....D libvpx x'; echo ' A....D libopus x'; exit 0;; esac\n"
	writeProgram(t, path, "#!/bin/sh\n"+encoders+body)
	return path
}

// writeProgram writes a program so that no process that starts meanwhile inherits the file open for writing: it could not be
// run then ("text file busy").
func writeProgram(t testing.TB, path, content string) {
	t.Helper()
	syscall.ForkLock.RLock()
	err := os.WriteFile(path, []byte(content), 0o700)
	syscall.ForkLock.RUnlock()
	if err != nil {
		t.Fatal(err)
	}
}

// eventually waits for ok to become true.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(30 * time.Second)
	for !ok() {
		select {
		case <-ticker.C:
		case <-deadline:
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// TestMain fails if the tests leave a goroutine of this package or a process behind.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "sotto")
	if err != nil {
		panic(err)
	}
	shared = dir
	code := m.Run()
	_ = os.RemoveAll(dir)
	if code == 0 {
		if left := leftovers(5 * time.Second); left != "" {
			fmt.Fprintln(os.Stderr, "left behind:", left)
			code = 1
		}
	}
	os.Exit(code)
}

// leftovers waits until nothing is left, and returns what is.
func leftovers(d time.Duration) (left string) {
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	buf := make([]byte, 1<<20)
	for deadline := time.Now().Add(d); time.Now().Before(deadline); <-ticker.C {
		left = ""
		for _, g := range strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
			if strings.Contains(g, "media/ffmpeg.(") || strings.Contains(g, "os/exec.") {
				left = g
			}
		}
		if children := children(); children != "" {
			left = "processes " + children
		}
		if left == "" {
			return ""
		}
	}
	return left
}

// children lists the processes that we have started and not waited for.
func children() string {
	var all []string
	tasks, _ := filepath.Glob("/proc/self/task/*/children")
	for _, path := range tasks {
		b, _ := os.ReadFile(path)
		all = append(all, strings.Fields(string(b))...)
	}
	return strings.Join(all, " ")
}

// alive reports whether a process is there and no zombie.
func alive(pid int) bool {
	if runtime.GOOS != "linux" {
		p, err := os.FindProcess(pid)
		return err == nil && p.Signal(syscall.Signal(0)) == nil
	}
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(b), ") Z ")
}

// kill ends a process as pulling its device might.
func kill(t testing.TB, pid int) {
	t.Helper()
	p, err := os.FindProcess(pid)
	if err == nil {
		err = p.Kill()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// gone waits until a process has ended.
func gone(t testing.TB, pid int) {
	t.Helper()
	if pid <= 0 {
		t.Fatalf("no process: pid %d", pid)
	}
	eventually(t, fmt.Sprintf("process %d ends", pid), func() bool { return !alive(pid) })
}

func mustOpen(t testing.TB, in Input, cfg Config) *Stream {
	t.Helper()
	s, err := Open(t.Context(), in, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// An arrival is a frame and when it came.
type arrival struct {
	media.Frame
	at time.Time
}

// read takes n frames of a source.
func read(ctx context.Context, source media.Source, n int) (out []arrival, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for len(out) < n {
		f, err := source.Read(ctx)
		if err != nil {
			return out, err
		}
		out = append(out, arrival{f, time.Now()})
	}
	return out, nil
}

func mustRead(t testing.TB, source media.Source, n int) []arrival {
	t.Helper()
	out, err := read(t.Context(), source, n)
	if err != nil {
		t.Fatalf("after %d frames: %v", len(out), err)
	}
	return out
}

// monotone checks that times rise.
func monotone(t testing.TB, frames []arrival) {
	t.Helper()
	for i := range frames {
		if i > 0 && frames[i].Time <= frames[i-1].Time {
			t.Fatalf("frame %d at %v comes after one at %v", i, frames[i].Time, frames[i-1].Time)
		}
	}
}

// events collects what Notify is told.
type events struct {
	mu  sync.Mutex
	all []media.DeviceEvent
}

func (e *events) notify(ev media.DeviceEvent) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, ev)
}

func (e *events) list() []media.DeviceEvent {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]media.DeviceEvent(nil), e.all...)
}

// run runs a program of ffmpeg's and returns what it wrote.
func runProgram(t testing.TB, name string, args ...string) string {
	t.Helper()
	c := exec.CommandContext(t.Context(), name, args...)
	out, err := c.Output()
	if err != nil {
		e, _ := errors.AsType[*exec.ExitError](err)
		t.Fatalf("%s %v: %v %s", name, args, err, e.Stderr)
	}
	return string(out)
}

// alone says that nothing else runs on this machine. On others ffmpeg or a sound server may be starved while the test
// itself runs in time, so that no clock here tells: they are held to what only a path that is dead or half broken fails.
func alone() bool { return os.Getenv("SOTTO_SPEED") == "1" }
