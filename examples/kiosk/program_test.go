//go:build unix

package main

import (
	"debug/elf"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/call"
)

const devicesOfTests = "-camera test -microphone test -speaker test -talk open -size 160x120 -fps 15 "

// The whole program: it waits for its relay, rings by every button, is verified in another process, opens the door, survives a
// restart of the relay, and ends politely.
func TestProgram(t *testing.T) {
	t.Parallel() // it waits more than it works
	program := built(t, runtime.GOARCH)
	c := newTown(t)
	p := c.kiosk(program, nil, devicesOfTests+"-ring alice -auto-answer alice -door-command false")
	p.line("again in 1s: no relay answers", 1)
	c.pressed(p)
	c.startRelay()
	c.online()
	c.said("READY=1")
	c.said("WATCHDOG=1")
	if got := c.get("/metrics"); !strings.Contains(got, "sotto_kiosk_button_total 0\n") {
		t.Errorf("what was pressed before it was online rings now:\n%s", got)
	}
	if got := c.get("/healthz"); got != "200 ok\n" {
		t.Error(got)
	}

	if got := c.post("/ring"); got != "200 ringing \"alice\"\n" {
		t.Error(got)
	}
	s := newSenses()
	k, err := c.alice.rung(t.Context()).Answer(t.Context(), s.media())
	if err != nil {
		t.Fatal(err)
	}
	until[call.Connected](t, k)
	s.sees(t)
	heardByTest.arrives(t, s.hears(t))
	p.line("-speaker test: sound of -", 1)
	if got := asks(t, k, request); !strings.Contains(got, "not verified") {
		t.Error(got)
	}
	c.said(`STATUS=in_a_call_with_"alice"`)
	if got := c.post("/hangup"); !strings.HasPrefix(got, "200") {
		t.Error(got)
	}
	if e := ended(t, k); e.Reason != call.Left || !e.Remote {
		t.Errorf("%v", e)
	}

	for i, press := range []func() error{
		func() error { return p.cmd.Process.Signal(syscall.SIGUSR1) },
		func() error { _, err := fmt.Fprintln(p.stdin); return err },
	} {
		for strings.Contains(c.get("/metrics"), "sotto_kiosk_in_call 1") {
			time.Sleep(10 * time.Millisecond)
		}
		if err := press(); err != nil {
			t.Fatal(err)
		}
		if err := c.alice.rung(t.Context()).Decline(t.Context(), call.DeclineCall); err != nil {
			t.Fatal(err)
		}
		p.line("nobody was reached", i+1)
	}

	if e := ended(t, c.alice.dial()); e.Reason != call.Busy {
		t.Errorf("not verified: %v", e)
	}
	c.verify()
	c.stopRelay()
	p.line("the relay is away", 1)
	c.startRelay()
	p.line("the relay is back", 1)
	k = c.alice.dial()
	until[call.Connected](t, k)
	if got := asks(t, k, request); !strings.Contains(got, "it does not work") {
		t.Error(got)
	}
	end(t, c, p, k, 5*time.Second)
}

// pressed presses every button of a kiosk that waits for its relay, and is told that in vain.
func (c *town) pressed(p *process) {
	c.t.Helper()
	for _, got := range []string{c.get("/healthz"), c.post("/ring"), c.post("/answer")} {
		if got != "503 waiting for the relay\n" {
			c.t.Error(got)
		}
	}
	if got := c.get("/metrics"); !strings.HasPrefix(got, "200 ") || !strings.Contains(got, "sotto_kiosk_healthy 0\n") {
		c.t.Error(got)
	}
	if err := p.cmd.Process.Signal(syscall.SIGUSR1); err != nil {
		c.t.Fatal(err)
	}
	if _, err := fmt.Fprintln(p.stdin); err != nil {
		c.t.Fatal(err)
	}
	p.line("not done: waiting for the relay", 2)
}

// end is SIGTERM in a call.
func end(t *testing.T, c *town, p *process, k *call.Call, limit time.Duration) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if e := ended(t, k); e.Reason != call.Left || !e.Remote {
		t.Errorf("%v", e)
	}
	c.said("STOPPING=1")
	p.ends(limit)
}

// answered lets the kiosk ring alice, who answers.
func (c *town) answered() (*call.Call, *senses) {
	c.t.Helper()
	c.said("READY=1")
	c.post("/ring")
	s := newSenses()
	k, err := c.alice.rung(c.t.Context()).Answer(c.t.Context(), s.media())
	if err != nil {
		c.t.Fatal(err)
	}
	until[call.Connected](c.t, k)
	return k, s
}

// need skips a test that takes a program of this package, or fails it.
func need(t *testing.T, program, from string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		if os.Getenv("SOTTO_REQUIRE") == "1" {
			t.Fatalf("SOTTO_REQUIRE=1, but %s is not installed: apt-get install %s", program, from)
		}
		t.Skip(err)
	}
}

// static says that a program needs no loader and no library.
func static(t *testing.T, program string) {
	t.Helper()
	f, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			t.Errorf("%v in %s", p.Type, program)
		}
	}
	if f.Machine != elf.EM_AARCH64 {
		t.Errorf("machine %v", f.Machine)
	}
}

// emulator runs programs for ARM.
const emulator = "qemu-aarch64-static"

// builtForARM is the program for a small 64-bit ARM machine.
func builtForARM(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("an emulator takes its time")
	}
	need(t, emulator, "qemu-user-static")
	return built(t, "arm64")
}

// The program for a small 64-bit ARM machine is one file that needs nothing, and holds a call.
func TestARM64(t *testing.T) {
	t.Parallel()
	program := builtForARM(t)
	static(t, program)
	out, err := exec.Command(emulator, program, "-h").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "-door-command") {
		t.Fatalf("%v: %s", err, out)
	}
	for _, codec := range []string{"pcmu", "opus"} {
		c := newTown(t)
		c.startRelay()
		c.online()
		p := c.kiosk(program, []string{emulator}, devicesOfTests+"-ring alice -sound-codec "+codec)
		k, s := c.answered()
		s.sees(t)
		heardByTest.arrives(t, s.hears(t))
		end(t, c, p, k, slow) // the emulator takes its time
	}
}
