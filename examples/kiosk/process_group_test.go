//go:build unix

package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/e2ee"
)

// shell is a command of these lines; $1 is file.
func shell(lines, file string) []string { return []string{"sh", "-c", lines, "door", file} }

// What a command started is killed with it, even if it does not want to end. It holds a pipe, which ends when it does.
func TestExecuteKillsTheGroup(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	written := make(chan string, 1)
	go func() {
		b, err := os.ReadFile(pipe)
		if err != nil {
			t.Error(err)
		}
		written <- string(b)
	}()
	k := &kiosk{ctx: t.Context()}
	k.commandTime = time.Second
	err := k.execute(t.Context(), shell(`exec 3>"$1" >/dev/null 2>&1; (trap "" TERM; sleep 6; echo late >&3) & sleep 6`, pipe), e2ee.Contact{})
	if err == nil || !strings.Contains(err.Error(), "was ended after 1s") {
		t.Errorf("%v", err)
	}
	select {
	case text := <-written:
		if text != "" {
			t.Errorf("it lived, and wrote %q", text)
		}
	case <-time.After(20 * time.Second):
		t.Error("it lives")
	}
}

// A command whose time is over is asked to end first: it can shut the door.
func TestExecuteAsksFirst(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "shut")
	k := &kiosk{ctx: t.Context()}
	k.commandTime = time.Second
	err := k.execute(t.Context(), shell(`trap 'echo shut >"$1"; exit 1' TERM; sleep 20 & wait`, file), e2ee.Contact{})
	if err == nil {
		t.Error("it succeeded")
	}
	if b, err := os.ReadFile(file); err != nil || string(b) != "shut\n" {
		t.Errorf("%q, %v", b, err)
	}
}

// The end of the kiosk does not cut a door's command short, but bounds it.
func TestExecuteOutlastsTheKiosk(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "shut")
	over, end := context.WithCancel(t.Context())
	end()
	k := &kiosk{ctx: over}
	k.commandTime = time.Minute
	ctx, cancel := k.lasting()
	defer cancel()
	if err := k.execute(ctx, shell(`sleep 0.2; echo shut >"$1"`, file), e2ee.Contact{}); err != nil {
		t.Error(err)
	}
	if b, err := os.ReadFile(file); err != nil || string(b) != "shut\n" {
		t.Errorf("%q, %v", b, err)
	}
	start := time.Now()
	if err := k.execute(ctx, []string{"sleep", "60"}, e2ee.Contact{}); err == nil || !strings.Contains(err.Error(), "with the kiosk") {
		t.Errorf("%v", err)
	}
	if took := time.Since(start); took > goodbye+10*time.Second {
		t.Errorf("it took %v", took)
	}
}

// A command that succeeds has opened the door, and what it leaves behind may go on: perhaps it shuts it again.
func TestExecuteLeavesSomethingBehind(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(file, 0o600); err != nil {
		t.Fatal(err)
	}
	k := &kiosk{ctx: t.Context()}
	k.commandTime = 20 * time.Second
	if err := k.execute(t.Context(), shell(`(sleep 2; echo shut >"$1") & exit 0`, file), e2ee.Contact{}); err != nil {
		t.Error(err)
	}
	if b, err := os.ReadFile(file); err != nil || string(b) != "shut\n" {
		t.Errorf("%q, %v", b, err)
	}
}
