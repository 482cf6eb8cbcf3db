package netns

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A Capture records every packet of every link.
type Capture struct {
	t     testing.TB
	taps  []*tap
	ended bool
}

type tap struct {
	link  string
	file  string
	cmd   *exec.Cmd
	notes *bytes.Buffer
}

// Capture begins to record. All taps work when it returns.
func (w *World) Capture(dir string) *Capture {
	w.t.Helper()
	c := &Capture{t: w.t}
	w.t.Cleanup(c.stop)
	for _, l := range links {
		p := &tap{link: l.name, file: filepath.Join(dir, l.name+".pcap"), notes: &bytes.Buffer{}}
		// In immediate mode each packet takes a slot of the snapshot's length: these are a thousand.
		p.cmd = w.Command(l.places[0], "tcpdump", "-i", l.name, "-n", "-U", "-s", "65535", "-B", "65536", "--immediate-mode", "-Z", "root", "-w", p.file)
		p.cmd.Stderr = p.notes
		if err := p.cmd.Start(); err != nil {
			w.t.Fatal(err)
		}
		c.taps = append(c.taps, p)
	}
	deadline := time.Now().Add(10 * time.Second)
	for _, p := range c.taps { // tcpdump writes the file's header when it listens
		for size(p.file) < pcapHeader {
			if time.Now().After(deadline) {
				w.t.Fatalf("tcpdump does not listen on %s", p.link)
			}
			<-time.After(20 * time.Millisecond)
		}
	}
	return c
}

func size(file string) int64 {
	info, err := os.Stat(file)
	if err != nil {
		return 0
	}
	return info.Size()
}

var lost = regexp.MustCompile(`(?m)^(\d+) packets? dropped by kernel`)

// End stops the taps and gives the packets of each link, by its name. A packet that was not recorded is a failure.
func (c *Capture) End() map[string][]Packet {
	c.t.Helper()
	<-time.After(100 * time.Millisecond) // what the kernel still holds
	c.stop()
	all := make(map[string][]Packet)
	for _, p := range c.taps {
		if m := lost.FindStringSubmatch(p.notes.String()); m == nil || m[1] != "0" {
			c.t.Errorf("capture of %s is not whole: %s", p.link, strings.TrimSpace(p.notes.String()))
		}
		f, err := os.ReadFile(p.file)
		if err != nil {
			c.t.Fatal(err)
		}
		packets, err := parsePcap(f)
		if err != nil {
			c.t.Fatalf("capture of %s: %v", p.link, err)
		}
		all[p.link] = packets
	}
	return all
}

func (c *Capture) stop() {
	if c.ended {
		return
	}
	c.ended = true
	for _, p := range c.taps {
		p.cmd.Process.Signal(syscall.SIGINT)
	}
	for _, p := range c.taps {
		p.cmd.Wait()
	}
}
