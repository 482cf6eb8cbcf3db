package netns

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"
)

// A Capture records every packet of every link.
type Capture struct {
	w     *World
	taps  []*tap
	ended bool
}

type tap struct {
	link
	file  string
	cmd   *exec.Cmd
	notes *bytes.Buffer
}

// Capture begins to record. All taps work when it returns.
func (w *World) Capture(dir string) *Capture {
	w.t.Helper()
	c := &Capture{w: w}
	w.t.Cleanup(c.stop)
	for _, l := range links {
		p := &tap{link: l, file: filepath.Join(dir, l.name+".pcap"), notes: &bytes.Buffer{}}
		// In immediate mode each packet takes a slot of the snapshot's length: these are a thousand.
		p.cmd = w.Command(l.places[0], "tcpdump", "-i", l.name, "-n", "-U", "-s", "65535", "-B", "65536", "--immediate-mode", "-Z", "root", "-w", p.file)
		p.cmd.Stderr = p.notes
		if err := p.cmd.Start(); err != nil {
			w.t.Fatal(err)
		}
		c.taps = append(c.taps, p)
	}
	c.wait("listen", func(file []byte) bool { return len(file) >= pcapHeader }) // which tcpdump writes when it does
	return c
}

// wait waits for what tcpdump writes on each link.
func (c *Capture) wait(what string, written func(file []byte) bool) {
	c.w.t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for _, p := range c.taps {
		for {
			if b, err := os.ReadFile(p.file); err == nil && written(b) {
				break
			}
			if time.Now().After(deadline) {
				c.w.t.Fatalf("tcpdump does not %s on %s", what, p.name)
			}
			<-time.After(20 * time.Millisecond)
		}
	}
}

var lost = regexp.MustCompile(`(?m)^(\d+) packets? dropped by kernel`)

// last is the payload of a datagram that ends a capture.
var last = []byte("the last datagram of a capture")

// End stops the taps and gives the packets of each link, by its name. A packet that was not recorded is a failure.
func (c *Capture) End() map[string][]Packet {
	c.w.t.Helper()
	for _, p := range c.taps { // the kernel keeps the order: when the last one is written, all are
		c.w.send(p.places[0], fmt.Sprint(p.prefix, p.hosts[1]), last)
	}
	c.wait("end", func(file []byte) bool { return bytes.Contains(file, last) })
	c.stop()
	all := make(map[string][]Packet)
	for _, p := range c.taps {
		if m := lost.FindStringSubmatch(p.notes.String()); m == nil || m[1] != "0" {
			c.w.t.Errorf("capture of %s is not whole: %s", p.name, strings.TrimSpace(p.notes.String()))
		}
		f, err := os.ReadFile(p.file)
		if err != nil {
			c.w.t.Fatal(err)
		}
		packets, err := parsePcap(f)
		if err != nil {
			c.w.t.Fatalf("capture of %s: %v", p.name, err)
		}
		all[p.name] = slices.DeleteFunc(packets, func(p Packet) bool { return bytes.Contains(p.Payload, last) })
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
