package pulsetest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience is how long the server may take to start, and pactl to do as told, on a machine with much else to do.
const patience = 20 * time.Second

// A Server is a PulseAudio server that belongs to one test.
type Server struct {
	Address string // what PULSE_SERVER is set to: "unix:" and the socket's path

	t       testing.TB
	dir     string
	socket  string
	pid     string // of pulseaudio itself
	life    io.Closer
	ended   chan struct{}
	mu      sync.Mutex
	log     []string
	modules map[string]string // index of the module behind each sink, by the sink's name
}

// Start runs a server with a null sink of each name and sets PULSE_SERVER to it. The server ends with the test.
func Start(t testing.TB, sinks ...string) *Server {
	t.Helper()
	for _, tool := range []string{"pulseaudio", "pactl", "pacat"} {
		if _, err := exec.LookPath(tool); err != nil {
			missing(t, tool)
		}
	}
	dir, err := os.MkdirTemp("", "pulse") // t.TempDir may be longer than a socket's path can be
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := &Server{t: t, dir: dir, socket: filepath.Join(dir, "native"), modules: map[string]string{}}
	s.Address = "unix:" + s.socket
	t.Setenv("PULSE_SERVER", s.Address)
	s.Run()
	t.Cleanup(s.Stop)
	for _, name := range sinks {
		s.AddSink(name)
	}
	return s
}

func missing(t testing.TB, tool string) {
	t.Helper()
	if os.Getenv("SOTTO_REQUIRE") == "1" {
		t.Fatalf("SOTTO_REQUIRE=1, but there is no %s: install pulseaudio and pulseaudio-utils", tool)
	}
	t.Skipf("there is no %s: install pulseaudio and pulseaudio-utils", tool)
}

// keeper runs its arguments until its standard input ends, which it does with the test's process at the latest.
const keeper = `exec 3<&0
"$@" 3<&- </dev/null &
p=$!
echo "pid $p" >&2
(cat <&3; kill "$p") >/dev/null 2>&1 &
wait "$p"`

// Run starts the server again after Stop, at the same address and without any sink.
func (s *Server) Run() {
	s.t.Helper()
	clear(s.modules)
	script := filepath.Join(s.dir, "start.pa")
	if err := os.WriteFile(script, []byte(".fail\nload-module module-native-protocol-unix auth-anonymous=1 socket="+s.socket+"\n"), 0o600); err != nil {
		s.t.Fatal(err)
	}
	c := exec.Command("sh", "-c", keeper, "sh", "pulseaudio", "-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1",
		"--disable-shm=yes", "--high-priority=no", "--realtime=no", "--log-target=stderr", "--log-level=info", "-F", script)
	c.Env = append(os.Environ(), "HOME="+s.dir, "XDG_RUNTIME_DIR="+s.dir, "PULSE_RUNTIME_PATH="+s.dir, "LC_ALL=C",
		"PULSE_SERVER=", "DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent", "DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nonexistent")
	life, err := c.StdinPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	stderr, err := c.StderrPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		s.t.Fatalf("pulseaudio: %v", err)
	}
	s.life, s.ended = life, make(chan struct{})
	started := make(chan struct{})
	go s.follow(c, stderr, started, s.ended)
	select {
	case <-started:
	case <-s.ended:
		s.t.Fatalf("pulseaudio ended:\n%s", s.Log())
	case <-time.After(patience):
		s.Stop()
		s.t.Fatalf("pulseaudio did not start within %v:\n%s", patience, s.Log())
	}
}

// follow keeps the last lines of what the server says until it has ended.
func (s *Server) follow(c *exec.Cmd, stderr io.Reader, started, ended chan struct{}) {
	defer close(ended)
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		line := lines.Text()
		s.mu.Lock()
		if pid, ok := strings.CutPrefix(line, "pid "); ok {
			s.pid = pid
		}
		if s.log = append(s.log, line); len(s.log) > 60 {
			s.log = s.log[30:]
		}
		s.mu.Unlock()
		if strings.Contains(line, "Daemon startup complete") {
			close(started)
		}
	}
	_, _ = io.Copy(io.Discard, stderr) // after a line too long for the scanner
	_ = c.Wait()                       // how it ended is told by its last lines
}

// Log is what the server said of late.
func (s *Server) Log() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.log, "\n")
}

// Stop ends the server and waits until it has ended. Its clients lose their connections.
func (s *Server) Stop() {
	s.life.Close()
	select {
	case <-s.ended:
		return
	case <-time.After(patience):
	}
	s.signal("-KILL")
	<-s.ended
}

// Freeze stops the server as a debugger does: its sockets stay open and say nothing. Thaw lets it go on.
func (s *Server) Freeze() { s.t.Helper(); s.signal("-STOP") }

// Thaw ends a Freeze.
func (s *Server) Thaw() { s.t.Helper(); s.signal("-CONT") }

func (s *Server) signal(name string) {
	s.t.Helper()
	s.mu.Lock()
	pid := s.pid
	s.mu.Unlock()
	if out, err := exec.Command("kill", name, pid).CombinedOutput(); err != nil {
		s.t.Errorf("kill %s %s: %v %s", name, pid, err, out)
	}
}

// AddSink adds a null sink at 48 kHz in stereo, as sound cards are, whose description is its name and " (null)".
func (s *Server) AddSink(name string) {
	s.t.Helper()
	s.modules[name] = s.Load("module-null-sink", "sink_name="+name, "rate=48000", "channels=2", "format=s16le", "norewinds=1",
		fmt.Sprintf(`sink_properties=device.description="%s\ (null)"`, name))
}

// RemoveSink takes the sink of that name away, and its monitor with it: the device is pulled.
func (s *Server) RemoveSink(name string) {
	s.t.Helper()
	s.Unload(s.modules[name])
	delete(s.modules, name)
}

// Load loads a module and returns its index.
func (s *Server) Load(module string, arguments ...string) string {
	s.t.Helper()
	return strings.TrimSpace(s.Pactl(append([]string{"load-module", module}, arguments...)...))
}

// TryLoad loads a module that not every server has, and says whether this one does.
func (s *Server) TryLoad(module string, arguments ...string) bool {
	s.t.Helper()
	_, err := s.pactl(append([]string{"load-module", module}, arguments...)...)
	return err == nil
}

// Unload unloads the module with an index that Load returned.
func (s *Server) Unload(index string) { s.t.Helper(); s.Pactl("unload-module", index) }

// Pactl runs pactl on this server and returns what it prints.
func (s *Server) Pactl(arguments ...string) string {
	s.t.Helper()
	out, err := s.pactl(arguments...)
	if err != nil {
		s.t.Fatalf("pactl %s: %v\n%s", strings.Join(arguments, " "), err, s.Log())
	}
	return out
}

func (s *Server) pactl(arguments ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c := exec.CommandContext(ctx, "pactl", arguments...)
	c.Env = append(os.Environ(), "PULSE_SERVER="+s.Address, "HOME="+s.dir, "LC_ALL=C")
	var stderr strings.Builder
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, stderr.String())
	}
	return string(out), err
}
