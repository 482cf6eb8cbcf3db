package systemd

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// What Notify may say, beside Status and Extend.
const (
	Ready    = "READY=1"
	Stopping = "STOPPING=1"
	Alive    = "WATCHDOG=1"
)

// Status is one line in words, which systemctl status shows. Line ends and other control characters become spaces: each line
// of a notification is a statement of its own.
func Status(words string) string {
	return "STATUS=" + strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, words)
}

// Extend asks for d more, from now, to get ready or to stop.
func Extend(d time.Duration) string {
	return "EXTEND_TIMEOUT_USEC=" + strconv.FormatInt(d.Microseconds(), 10)
}

// A Notifier is the way to the service manager. A nil one says nothing to nobody.
type Notifier struct {
	conn     *net.UnixConn
	watchdog time.Duration
}

// Open finds the manager by the variables NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, which getenv (os.Getenv) returns. It
// gives nil and no error where there is no manager.
func Open(getenv func(string) string) (*Notifier, error) {
	path := getenv("NOTIFY_SOCKET")
	if path == "" {
		return nil, nil
	}
	if !strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "@") {
		return nil, fmt.Errorf("systemd: NOTIFY_SOCKET=%q is neither a path nor an abstract name", path)
	}
	watchdog, err := interval(getenv)
	if err != nil {
		return nil, err
	}
	// A leading @ is how package net, too, writes the NUL of an abstract name.
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return nil, fmt.Errorf("systemd: %w", err)
	}
	return &Notifier{conn: conn, watchdog: watchdog}, nil
}

// interval reads the time after which the manager takes this process for dead; 0: it does not watch, or watches another.
func interval(getenv func(string) string) (time.Duration, error) {
	text := getenv("WATCHDOG_USEC")
	if pid := getenv("WATCHDOG_PID"); text == "" || pid != "" && pid != strconv.Itoa(os.Getpid()) {
		return 0, nil
	}
	usec, err := strconv.ParseInt(text, 10, 64)
	const most = int64(1<<63-1) / int64(time.Microsecond)
	if err != nil || usec <= 0 || usec > most {
		return 0, fmt.Errorf("systemd: WATCHDOG_USEC=%q is not a time in microseconds", text)
	}
	return time.Duration(usec) * time.Microsecond, nil
}

// Watchdog is how long the manager waits for Alive before it ends the process; 0: it does not wait for it. Say it twice in
// that time.
func (n *Notifier) Watchdog() time.Duration {
	if n == nil {
		return 0
	}
	return n.watchdog
}

// Notify says these statements in one datagram. An error means that the manager did not hear them; nothing else is lost.
func (n *Notifier) Notify(statements ...string) error {
	if n == nil {
		return nil
	}
	for _, s := range statements {
		if strings.Contains(s, "\n") {
			return errors.New("systemd: a statement is one line")
		}
	}
	if err := n.conn.SetWriteDeadline(time.Now().Add(time.Second)); err != nil {
		return fmt.Errorf("systemd: %w", err)
	}
	if _, err := n.conn.Write([]byte(strings.Join(statements, "\n") + "\n")); err != nil {
		return fmt.Errorf("systemd: %w", err)
	}
	return nil
}

// Close lets the socket go.
func (n *Notifier) Close() error {
	if n == nil {
		return nil
	}
	return n.conn.Close()
}
