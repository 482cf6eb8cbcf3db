package netns

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A Place is one of the machines.
type Place string

// The machines.
const (
	HostA  Place = "a"
	NATA   Place = "na"
	Middle Place = "m"
	NATB   Place = "nb"
	HostB  Place = "b"
)

var places = []Place{HostA, NATA, Middle, NATB, HostB}

// Addresses of the machines. Those of the middle and of the NATs' outer sides look public, and exist in the namespaces
// alone.
const (
	AddressA       = "10.41.0.2"
	PublicAddressA = "45.41.0.2"
	MiddleAddress  = "45.40.0.1"
	PublicAddressB = "45.42.0.2"
	AddressB       = "192.168.42.2"
)

// Require skips the test, or fails it if SOTTO_REQUIRE=1, unless the reason is empty.
func Require(t testing.TB, reason string) {
	t.Helper()
	switch {
	case reason == "":
	case os.Getenv("SOTTO_REQUIRE") == "1":
		t.Fatal(reason)
	default:
		t.Skip(reason)
	}
}

// Missing says which of the programs are not there; empty if all are.
func Missing(programs ...string) string {
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			return fmt.Sprintf("%s is not installed", p)
		}
	}
	return ""
}

// A World is the machines, for one test.
type World struct {
	t      testing.TB
	prefix string
}

// New makes a world, which ends with the test.
func New(t testing.TB) *World {
	t.Helper()
	if os.Geteuid() != 0 {
		Require(t, "network namespaces need root")
	}
	Require(t, Missing("ip", "iptables", "tcpdump", "sysctl", "bash"))
	w := &World{t: t, prefix: fmt.Sprintf("sotto%d-%x-", os.Getpid(), time.Now().UnixNano()&0xffffff)}
	if out, err := exec.Command("ip", "netns", "add", w.name(HostA)).CombinedOutput(); err != nil {
		Require(t, fmt.Sprintf("ip netns add: %v: %s", err, out))
	}
	w.reap()
	for _, p := range places[1:] {
		w.run("ip", "netns", "add", w.name(p))
	}
	w.wire()
	return w
}

func (w *World) name(p Place) string { return w.prefix + string(p) }

// reap starts what cleans up: a shell that waits for the other end of its stdin to be closed. That happens at the end of
// the test, and also when this process is killed.
func (w *World) reap() {
	var script strings.Builder
	script.WriteString("read end; ")
	for _, p := range places {
		fmt.Fprintf(&script, "for i in $(ip netns pids %[1]s); do kill -9 $i; done; ip netns del %[1]s; ", w.name(p))
	}
	reaper := exec.Command("bash", "-c", script.String())
	apart(reaper)
	stdin, err := reaper.StdinPipe()
	if err == nil {
		err = reaper.Start()
	}
	if err != nil {
		exec.Command("ip", "netns", "del", w.name(HostA)).Run()
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		stdin.Close()
		reaper.Wait()
		if out, err := exec.Command("ip", "netns", "list").Output(); err != nil || strings.Contains(string(out), w.prefix) {
			w.t.Errorf("namespaces are left over: %v\n%s", err, out)
		}
	})
}

// run runs a command on this machine, outside the namespaces: only to make them.
func (w *World) run(name string, args ...string) {
	w.t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		w.t.Fatalf("%s %s: %v: %s", name, strings.Join(args, " "), err, out)
	}
}

// on runs a command in a place.
func (w *World) on(p Place, command string) {
	w.t.Helper()
	w.run("ip", append([]string{"netns", "exec", w.name(p)}, strings.Fields(command)...)...)
}

// Command is a command that will run in a place.
func (w *World) Command(p Place, name string, args ...string) *exec.Cmd {
	return exec.Command("ip", append([]string{"netns", "exec", w.name(p), name}, args...)...)
}

// Datagram sends one, of at most 1400 bytes, from a place to port 9 (discard) of the middle, where nobody listens: for
// leaks on purpose.
func (w *World) Datagram(from Place, payload []byte) {
	w.t.Helper()
	w.send(from, MiddleAddress, payload)
}

// send sends a datagram to port 9 of an address.
func (w *World) send(from Place, to string, payload []byte) {
	w.t.Helper()
	c := w.Command(from, "bash", "-c", "exec cat > /dev/udp/"+to+"/9")
	c.Stdin = bytes.NewReader(payload)
	if out, err := c.CombinedOutput(); err != nil || len(payload) > 1400 {
		w.t.Fatalf("datagram of %d bytes: %v: %s", len(payload), err, out)
	}
}

// Overflows says how many datagrams were lost at each place because a socket's buffer was full: a program there was too
// slow to read them.
func (w *World) Overflows() map[Place]int {
	w.t.Helper()
	lost := make(map[Place]int)
	for _, p := range places {
		out, err := w.Command(p, "cat", "/proc/net/snmp").Output()
		if err != nil {
			w.t.Fatalf("counters of %s: %v", p, err)
		}
		if lost[p], err = overflows(string(out)); err != nil {
			w.t.Fatalf("counters of %s: %v", p, err)
		}
	}
	return lost
}

// overflows reads /proc/net/snmp: a line of names, then one of values.
func overflows(snmp string) (int, error) {
	var names []string
	for line := range strings.Lines(snmp) {
		f := strings.Fields(line)
		if len(f) == 0 || f[0] != "Udp:" {
			continue
		}
		if i := slices.Index(names, "RcvbufErrors"); i > 0 && i < len(f) {
			return strconv.Atoi(f[i])
		}
		names = f
	}
	return 0, errors.New("no counter of UDP")
}
