package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/examples/kiosk/internal/systemd"
)

// A manager is systemd's end of the socket. It reads in real time, whatever time the kiosk is in.
type manager struct {
	t    *testing.T
	path string
	said chan string // statements, blanks made to _
}

// manage gives a kiosk a service manager that watches it.
func manage(t *testing.T, watchdog string) (*manager, *systemd.Notifier) {
	t.Helper()
	m := listenAt(t, filepath.Join(t.TempDir(), "notify"))
	n, err := systemd.Open(func(name string) string {
		return map[string]string{"NOTIFY_SOCKET": m.path, "WATCHDOG_USEC": watchdog}[name]
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	return m, n
}

func listenAt(t *testing.T, path string) *manager {
	t.Helper()
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		if os.Getenv("SOTTO_REQUIRE") == "1" {
			t.Fatal("SOTTO_REQUIRE=1, but no unixgram sockets here: ", err)
		}
		t.Skip("no unixgram sockets here: ", err)
	}
	m := &manager{t: t, path: path, said: make(chan string, 10_000)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		b := make([]byte, 1000)
		for {
			n, err := l.Read(b)
			if err != nil {
				return
			}
			for _, s := range strings.Fields(strings.ReplaceAll(string(b[:n]), " ", "_")) {
				m.said <- s
			}
		}
	}()
	t.Cleanup(func() { l.Close(); <-ended })
	return m
}

// heard is what was said since the last time.
func (m *manager) heard() (all []string) {
	m.t.Helper()
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: m.path, Net: "unixgram"})
	if err != nil {
		m.t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write([]byte("MARK")); err != nil {
		m.t.Fatal(err)
	}
	for s := range m.said {
		if s == "MARK" {
			break
		}
		all = append(all, s)
	}
	return all
}

func count(all []string, statement string) (n int) {
	for _, s := range all {
		if s == statement {
			n++
		}
	}
	return n
}

// The watchdog is fed at half of its time, also without a relay: a kiosk that is started anew finds it no sooner. /healthz and the
// status tell of the relay, unless a call is up.
func TestWatchdogAndHealth(t *testing.T) {
	m, n := manage(t, "10000000")
	notified(t, "-auto-answer alice", street[:1], n, func(t *testing.T, s *stage) {
		time.Sleep(time.Minute)
		all := m.heard()
		if all[0] != "READY=1" || count(all, "STATUS=online") != 1 || count(all, "WATCHDOG=1") < 11 || count(all, "WATCHDOG=1") > 13 {
			t.Errorf("in a minute: %q", all)
		}
		if code, said := s.http("GET", "/healthz", ""); code != fine || said != "ok\n" {
			t.Errorf("%d %q", code, said)
		}

		s.self.transport.Partition()
		time.Sleep(time.Minute)
		if all := m.heard(); count(all, "STATUS=waiting_for_the_relay") != 1 || count(all, "WATCHDOG=1") < 11 {
			t.Errorf("when the relay goes away: %q", all)
		}
		time.Sleep(time.Minute)
		if all := m.heard(); count(all, "WATCHDOG=1") < 11 || len(all) != count(all, "WATCHDOG=1") {
			t.Errorf("without a relay: %q", all)
		}
		if code, said := s.http("GET", "/healthz", ""); code != down || said != "waiting for the relay\n" {
			t.Errorf("%d %q", code, said)
		}
		s.wants("the relay is away")

		s.self.transport.Heal()
		time.Sleep(15 * time.Second)
		if code, _ := s.http("GET", "/healthz", ""); code != fine {
			t.Errorf("healed: %d", code)
		}
		if all := m.heard(); count(all, "STATUS=online") != 1 || count(all, "WATCHDOG=1") < 2 {
			t.Errorf("healed: %q", all)
		}
		s.wants("the relay is back")

		s.verify("alice", true)
		c := s.people["alice"].dial()
		until[call.Connected](t, c)
		s.self.transport.Partition()
		time.Sleep(3 * time.Minute)
		if code, _ := s.http("GET", "/healthz", ""); code != fine {
			t.Errorf("in a call, which needs no relay: %d", code)
		}
		if all := m.heard(); count(all, "WATCHDOG=1") < 35 || count(all, `STATUS=in_a_call_with_"alice"`) != 1 {
			t.Errorf("in a call: %q", all)
		}
		_, text := s.http("GET", "/metrics", "")
		for _, want := range []string{"sotto_kiosk_relay_up 0", "sotto_kiosk_relay_lost_total 2", "sotto_kiosk_healthy 1", "sotto_kiosk_in_call 1"} {
			if !strings.Contains(text, want+"\n") {
				t.Errorf("no %s in\n%s", want, text)
			}
		}
		s.self.transport.Heal()
		s.end()
		<-s.done
		if all := m.heard(); count(all, "STOPPING=1") != 1 {
			t.Errorf("at the end: %q", all)
		}
	})
}

// The watchdog bites when the probes hang, but not in a call. When the loop hangs nothing feeds it.
func TestWatchdogBites(t *testing.T) {
	m, n := manage(t, "10000000")
	start := time.Now()
	k := &kiosk{notifier: n, relay: reach{at: start}}
	for _, step := range []struct {
		after time.Duration
		talk  *leg
		fed   bool
	}{
		{overdue - time.Second, nil, true},
		{overdue + time.Second, nil, false},
		{overdue + time.Second, &leg{}, false},
		{overdue + time.Second, &leg{connected: true}, true},
	} {
		k.talk = step.talk
		k.alive(start.Add(step.after))
		if fed := count(m.heard(), "WATCHDOG=1") == 1; fed != step.fed {
			t.Errorf("%v after the last probe, in the call %+v: fed: %t", step.after, step.talk, fed)
		}
	}
}

func TestBeat(t *testing.T) {
	for watchdog, want := range map[time.Duration]time.Duration{0: 10 * time.Second, time.Minute: 10 * time.Second, 4 * time.Second: 2 * time.Second, 1: time.Millisecond} {
		if got := beatOf(watchdog); got != want {
			t.Errorf("watchdog of %v: %v, want %v", watchdog, got, want)
		}
	}
}
