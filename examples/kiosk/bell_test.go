//go:build unix

package main

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/call"
)

// What rings the bell ends with the bell: when the call is answered, declined or given up. It holds a pipe, which ends when it does.
func TestBellCommandEndsWithTheBell(t *testing.T) {
	t.Parallel()
	program := built(t, runtime.GOARCH)
	c := newTown(t)
	c.startRelay()
	c.online()
	script, pipe := filepath.Join(c.dir, "bell"), filepath.Join(c.dir, "pipe")
	if err := os.WriteFile(script, []byte("#!/bin/sh\nexec 3>"+pipe+" >/dev/null 2>&1; echo rings >&3; (sleep 600; echo late >&3) & sleep 600\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	const commandTime = time.Second // which is not the bell's
	p := c.kiosk(program, nil, "-others bell -command-time "+commandTime.String()+" -bell-command "+script)
	c.said("READY=1")
	for _, over := range []struct {
		why string
		do  func(k *call.Call)
	}{
		{"answered late", func(*call.Call) { c.post("/answer") }},
		{"declined", func(*call.Call) { c.post("/hangup") }},
		{"given up", func(k *call.Call) { k.Hangup(t.Context(), call.Cancelled) }},
	} {
		os.Remove(pipe)
		if err := syscall.Mkfifo(pipe, 0o600); err != nil {
			t.Fatal(err)
		}
		k := c.alice.dial()
		rings, err := os.Open(pipe)
		if err != nil {
			t.Fatal(err)
		}
		r := bufio.NewReader(rings)
		if line, err := r.ReadString('\n'); line != "rings\n" {
			t.Fatalf("%q, %v", line, err)
		}
		gone := make(chan string, 1)
		go func() {
			b, _ := io.ReadAll(r)
			gone <- string(b)
		}()
		if over.why == "answered late" {
			select {
			case <-gone:
				t.Error("it rings no longer than another command may take")
			case <-time.After(commandTime * 3 / 2):
			}
		}
		over.do(k)
		select {
		case said := <-gone:
			if said != "" {
				t.Errorf("%s: it said %q", over.why, said)
			}
		case <-time.After(slow):
			t.Errorf("%s: it rings on", over.why)
			p.cmd.Process.Kill()
			return
		}
		rings.Close()
		k.Close()
		for strings.Contains(c.get("/metrics"), "sotto_kiosk_in_call 1") {
			time.Sleep(10 * time.Millisecond)
		}
	}
}
