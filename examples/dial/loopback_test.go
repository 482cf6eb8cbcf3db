package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Three processes on this machine: what dial sends is what echobot records, and what comes back is what dial records.
func TestThreeProcesses(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.local()
	bot := s.startBot(s.path("rec"), "-max-calls", "2")
	clip := beginning(t, s.dir, 1500*time.Millisecond)
	d := s.dial("me", "bot", append(append(s.meet(bot, 1), clip.flags()...), "-out", s.path("out"))...)
	if status := d.wait(slow); status != 0 {
		t.Fatalf("dial ended with status %d", status)
	}
	r := s.result(d)
	if r.EndReason != "left" || r.Video.Sent != 45 || r.Audio.Sent != 75 || r.Video.Opened != 45 || r.Audio.Opened != 75 ||
		r.Video.Failed+r.Audio.Failed != 0 || r.SetupMS <= 0 || len(strings.Fields(r.Emoji)) != 7 {
		t.Errorf("dial reports %+v", r)
	}
	bot.err.line(t, 0, "recorded 45 frames of video", slow)
	bot.err.line(t, 0, "recorded 75 frames of audio", slow)
	if line, _ := bot.err.line(t, 0, "emoji", slow); !strings.Contains(line, r.Emoji) {
		t.Errorf("dial shows %s, echobot says %s", r.Emoji, line)
	}
	rec := s.recording(s.path("rec"), 1)
	same(t, filepath.Join(rec, "video.ivf"), clip.video)
	same(t, filepath.Join(rec, "audio.ogg"), clip.audio)
	same(t, r.Recording.Video, clip.video)
	same(t, r.Recording.Audio, clip.audio)

	// Ctrl-C at echobot hangs up: dial hears it and does not call that well, as its files had not ended.
	d = s.dial("me", "bot", "-out", s.path("out2"))
	d.err.line(t, 0, "Connected", slow)
	bot.interrupt(slow)
	if status := d.wait(slow); status != 1 {
		t.Errorf("dial ended with status %d after the other side hung up early", status)
	}
	if r := s.result(d); r.EndReason != "left" {
		t.Errorf("dial says it ended %q", r.EndReason)
	}
}

// Ctrl-C at dial hangs up and completes the recordings.
func TestInterruptHangsUp(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.local()
	bot := s.startBot(s.path("rec"))
	d := s.dial("me", "bot", append(s.meet(bot, 1), "-out", s.path("out"))...)
	_, at := d.err.line(t, 0, "back; 0 failed", slow)
	d.err.line(t, at+1, "back; 0 failed", slow) // it shows a line every two seconds
	d.cmd.Process.Signal(os.Interrupt)
	if status := d.wait(slow); status != 1 { // the files had not ended
		t.Errorf("dial ended with status %d", status)
	}
	r := s.result(d)
	if r.EndReason != "left" || r.Video.Opened != r.Video.Sent || r.Video.Sent == 0 {
		t.Errorf("dial reports %+v", r)
	}
	bot.err.line(t, 0, "is gone: ended by the other side: left", slow)
	bot.err.line(t, 0, "recorded", slow)
	if got := len(frames(t, filepath.Join(s.recording(s.path("rec"), 1), "video.ivf"), false)); uint64(got) != r.Video.Sent {
		t.Errorf("echobot recorded %d pictures of %d", got, r.Video.Sent)
	}
}

// The errors say what to do.
func TestErrorsNameTheNextStep(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.startRelay("-listen", "127.0.0.1:0", "-turn", "off")
	bot := s.startBot(s.path("rec"))
	invitation := s.invitation(bot, 1)
	for _, c := range []struct {
		name, contact, want string
		args                []string
	}{
		{"no identity", "x", "-new makes an identity", nil},
		{"no such contact", "Nobody", "-invitation URI makes a new one", []string{"-new"}},
		{"no TURN server", "bot", "-turn URL,user,secret", []string{"-relay-only", "-invitation", invitation}},
		{"bad invitation", "bot", "-invitation: ", []string{"-invitation", invitation[:len(invitation)-4]}},
		{"no such file", "bot", "nowhere.ivf", []string{"-invitation", invitation, "-video", s.path("nowhere.ivf")}},
		{"a dead TURN server", "bot", "step: ICE, relay candidates alone", []string{"-relay-only", "-turn", "turn:127.0.0.1:9?transport=udp,user,secret"}},
	} {
		d := s.dial("me", c.contact, append(c.args, "-out", s.path("out"))...)
		if status := d.wait(slow + 20*time.Second); status != 1 {
			t.Errorf("%s: dial ended with status %d", c.name, status)
		}
		if got := d.err.text(); !strings.Contains(got, c.want) {
			t.Errorf("%s: dial said\n%swant something with %q", c.name, got, c.want)
		}
	}
	bot.kill()
	s.relay = "ws://127.0.0.1:9"
	d := s.dial("me", "bot")
	if d.wait(slow); !strings.Contains(d.err.text(), "no relay answers") {
		t.Errorf("without a relay dial said %s", d.err.text())
	}
}
