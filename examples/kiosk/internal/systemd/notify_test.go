package systemd_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/examples/kiosk/internal/systemd"
)

// env is an environment of a test.
func env(pairs map[string]string) func(string) string {
	return func(name string) string { return pairs[name] }
}

func TestWatchdog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	listen(t, path)
	self := strconv.Itoa(os.Getpid())
	for _, c := range []struct {
		usec, pid string
		want      time.Duration
		bad       bool
	}{
		{"", "", 0, false},
		{"30000000", "", 30 * time.Second, false},
		{"30000000", self, 30 * time.Second, false},
		{"30000000", "1", 0, false}, // of another process, such as the shell that started this one
		{"0", "", 0, true},
		{"-1", "", 0, true},
		{"30s", "", 0, true},
		{"9223372036854775807", "", 0, true},
	} {
		n, err := systemd.Open(env(map[string]string{"NOTIFY_SOCKET": path, "WATCHDOG_USEC": c.usec, "WATCHDOG_PID": c.pid}))
		if (err != nil) != c.bad || n.Watchdog() != c.want {
			t.Errorf("%q, pid %q: %v, %v", c.usec, c.pid, n.Watchdog(), err)
		}
		n.Close()
	}
}

func listen(t *testing.T, name string) *net.UnixConn {
	t.Helper()
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		if os.Getenv("SOTTO_REQUIRE") == "1" {
			t.Fatal("SOTTO_REQUIRE=1, but no unixgram sockets here: ", err)
		}
		t.Skip("no unixgram sockets here: ", err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func TestNotify(t *testing.T) {
	names := []string{filepath.Join(t.TempDir(), "notify")}
	if runtime.GOOS == "linux" {
		names = append(names, "@sotto-test-"+strconv.Itoa(os.Getpid()))
	}
	for _, name := range names {
		l := listen(t, name)
		n, err := systemd.Open(env(map[string]string{"NOTIFY_SOCKET": name}))
		if err != nil {
			t.Fatal(err)
		}
		if err := n.Notify(systemd.Ready, systemd.Status("two\nlines\x7f"), systemd.Extend(time.Second)); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 500)
		size, err := l.Read(b)
		if want := "READY=1\nSTATUS=two lines \nEXTEND_TIMEOUT_USEC=1000000\n"; err != nil || string(b[:size]) != want {
			t.Errorf("%s: %q, %v, want %q", name, b[:size], err, want)
		}
		if err := n.Notify("STATUS=a\nMAINPID=1"); err == nil {
			t.Error("a statement of two lines was said")
		}
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestNoManager(t *testing.T) {
	n, err := systemd.Open(env(nil))
	if n != nil || err != nil || n.Notify(systemd.Ready) != nil || n.Watchdog() != 0 || n.Close() != nil {
		t.Errorf("%v, %v", n, err)
	}
	for _, socket := range []string{"relative", "vsock:2:1", filepath.Join(t.TempDir(), "nobody")} {
		if _, err := systemd.Open(env(map[string]string{"NOTIFY_SOCKET": socket})); err == nil {
			t.Errorf("%s: opened", socket)
		}
	}
}

func Example() {
	n, err := systemd.Open(func(string) string { return "" }) // os.Getenv
	if err != nil {
		fmt.Println(err)
		return
	}
	defer n.Close()
	fmt.Println(n.Notify(systemd.Ready, systemd.Status("online")), n.Watchdog())
	// Output: <nil> 0s
}
