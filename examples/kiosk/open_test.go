package main

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/e2ee"
)

const request = `{"sotto":"door","open":true}`

// asks sends a message to the door and waits for its answer.
func asks(t *testing.T, c *call.Call, message string) string {
	t.Helper()
	if err := c.Send(t.Context(), []byte(message)); err != nil {
		t.Fatal(err)
	}
	return string(until[call.Message](t, c).Data)
}

// opener is a program that opens nothing and succeeds at once, or fails.
func opener(t *testing.T, works bool) string {
	if runtime.GOOS == "windows" {
		t.Skip("there is no true and no false here")
	}
	if works {
		return "true"
	}
	return "false"
}

const opened = `{"sotto":"door","v":1,"opened":true}`

// The door obeys who is verified at that moment, and not too often.
func TestOpenTheDoor(t *testing.T) {
	flags := "-ring alice,bob -strategy together -door-every 30s -door-command " + opener(t, true)
	onStage(t, flags, street[:2], func(t *testing.T, s *stage) {
		s.command(verbRing)
		c, err := s.people["alice"].rung(t.Context()).Answer(t.Context(), silent())
		if err != nil {
			t.Fatal(err)
		}
		until[call.Connected](t, c)
		for _, step := range []struct {
			message, want string
			verified      bool
			pause         time.Duration
		}{
			{request, "you are not verified", false, 0},
			{request, opened, true, 0},
			{request, "it was opened a moment ago", true, 10 * time.Second},
			{request, opened, true, 20 * time.Second},
			{request, "you are not verified", false, time.Minute}, // not any more
			{`{"sotto":"door","v":7,"open":true}`, "version 1", true, 0},
			{`{"sotto":"door","open":"wide"}`, `want {\"sotto\":\"door\",\"open\":true}`, true, 0},
			{request, opened, true, 0},
		} {
			time.Sleep(step.pause)
			s.verify("alice", step.verified)
			if got := asks(t, c, step.message); !strings.Contains(got, step.want) {
				t.Errorf("%s: %s, want %s", step.message, got, step.want)
			}
		}
		for _, message := range []string{"hello", opened, `{"sotto":"door","v":1,"opened":false,"why":"no"}`} { // not answered
			if err := c.Send(t.Context(), []byte(message)); err != nil {
				t.Fatal(err)
			}
		}
		if got := asks(t, c, request); !strings.Contains(got, "a moment ago") {
			t.Errorf("%s", got)
		}
		s.wants(`"alice", `+s.people["alice"].identity.Public().String()+", opens the door", "refused, you are not verified")
		_, text := s.http("GET", "/metrics", "")
		if !strings.Contains(text, `sotto_kiosk_door_total{result="opened"} 3`) || !strings.Contains(text, `sotto_kiosk_door_total{result="refused"} 6`) {
			t.Errorf("%s", text)
		}
	})
}

// Who is blocked or removed in the call opens nothing, and a door that fails says so.
func TestTheDoorStaysShut(t *testing.T) {
	flags := "-auto-answer alice -door-every 0s -door-command " + opener(t, false)
	onStage(t, flags, street[:1], func(t *testing.T, s *stage) {
		s.verify("alice", true)
		c := s.people["alice"].dial()
		until[call.Connected](t, c)
		if got := asks(t, c, request); !strings.Contains(got, "it does not work") {
			t.Error(got)
		}
		s.wants("-door-command: exit status 1")
		if err := s.self.contacts.Block(s.people["alice"].identity.Public(), true); err != nil {
			t.Fatal(err)
		}
		if got := asks(t, c, request); !strings.Contains(got, "you are blocked") {
			t.Error(got)
		}
		if err := s.self.contacts.Remove(s.people["alice"].identity.Public()); err != nil {
			t.Fatal(err)
		}
		if got := asks(t, c, request); !strings.Contains(got, "you are no contact") {
			t.Error(got)
		}
	})
	onStage(t, "-auto-answer alice", street[:1], func(t *testing.T, s *stage) {
		s.verify("alice", true)
		c := s.people["alice"].dial()
		until[call.Connected](t, c)
		if got := asks(t, c, request); !strings.Contains(got, "there is no door here") {
			t.Error(got)
		}
	})
}

// A contact that asks without end gets an answer to each request that was read, and the kiosk goes on.
func TestManyRequests(t *testing.T) {
	onStage(t, "-auto-answer alice -door-command "+opener(t, true), street[:1], func(t *testing.T, s *stage) {
		s.verify("alice", true)
		c := s.people["alice"].dial()
		until[call.Connected](t, c)
		s.verify("alice", false)
		for range 200 {
			if err := c.Send(t.Context(), []byte(request)); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(5 * time.Second)
		if code, said := s.http("GET", "/healthz", ""); code != fine {
			t.Errorf("%d %s", code, said)
		}
		if _, text := s.http("GET", "/metrics", ""); !strings.Contains(text, `sotto_kiosk_door_total{result="refused"} 200`) {
			t.Error(text)
		}
	})
}

// The door's command knows who opens, and little else; it is ended when its time is over.
func TestExecute(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no sh here")
	}
	t.Setenv("SOTTO_PASSPHRASE_FILE", "/secret")
	t.Setenv("NOTIFY_SOCKET", "/run/notify")
	out := filepath.Join(t.TempDir(), "env")
	who := e2ee.Contact{Name: "alice $(touch x); `id`"}
	k := &kiosk{ctx: t.Context()}
	k.commandTime = 20 * time.Second
	if err := k.execute(k.ctx, []string{"sh", "-c", "env > $1", "door", out}, who); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	env := string(b)
	if !strings.Contains(env, "SOTTO_CONTACT=alice $(touch x); `id`\n") || !strings.Contains(env, "SOTTO_ID=sotto") || !strings.Contains(env, "PATH=") {
		t.Errorf("%s", env)
	}
	if strings.Contains(env, "PASSPHRASE") || strings.Contains(env, "NOTIFY") {
		t.Errorf("it learns too much:\n%s", env)
	}
	k.commandTime = 100 * time.Millisecond
	start := time.Now()
	if err := k.execute(k.ctx, []string{"sh", "-c", "echo stuck; sleep 30 & sleep 30"}, who); err == nil || !strings.Contains(err.Error(), "was ended after 100ms") {
		t.Errorf("%v", err)
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
	if err := k.execute(k.ctx, []string{filepath.Join(t.TempDir(), "none")}, who); err == nil {
		t.Error("a program that is not there was run")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	k.ctx = ctx
	if err := k.execute(k.ctx, []string{"true"}, who); err == nil || !strings.Contains(err.Error(), "with the kiosk") {
		t.Errorf("%v", err)
	}
}
