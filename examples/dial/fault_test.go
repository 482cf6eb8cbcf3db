package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/internal/netns"
)

// A relay that is killed ends no call: everything arrives, and the end is told too.
func TestKilledRelayMidCall(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	relay := s.local()
	bot := s.startBot(s.path("rec"))
	clip := beginning(t, s.dir, 5*time.Second)
	d := s.dial("me", "bot", append(append(s.meet(bot, 1), clip.flags()...), "-out", s.path("out"))...)
	d.err.line(t, 0, "back; 0 failed", slow)
	relay.kill()
	if status := d.wait(slow); status != 0 {
		t.Errorf("dial ended with status %d", status)
	}
	if r := s.result(d); r.EndReason != "left" {
		t.Errorf("dial says that it ended %q", r.EndReason)
	}
	bot.err.line(t, 0, "is gone: ended by the other side: left", slow)
	bot.err.line(t, 0, "recorded 250 frames of audio", slow)
	rec := s.recording(s.path("rec"), 1)
	same(t, filepath.Join(rec, "video.ivf"), clip.video)
	same(t, filepath.Join(rec, "audio.ogg"), clip.audio)
	same(t, s.path("out/video.ivf"), clip.video)
}

// lost is how long a side may take to find out that the other is dead: 1.5 s to miss it, 20 s of seeking, and the end; longer
// where more runs on this machine.
func lost() time.Duration {
	if os.Getenv("SOTTO_SPEED") == "1" {
		return 26 * time.Second
	}
	return time.Minute
}

// A peer that is killed is lost within 25 s, on either side, and what it sent is readable.
func TestKilledPeer(t *testing.T) {
	t.Parallel()
	requireProbe(t)
	s := newStage(t)
	s.local()
	bot := s.startBot(s.path("rec"))
	clip := beginning(t, s.dir, 8*time.Second)
	send := append(clip.flags(), "-duration", "1m")
	abandoned := s.dial("first", "bot", append(append(s.meet(bot, 1), send...), "-out", s.path("out1"))...)
	_, at := bot.err.line(t, 0, "is connected", slow)
	_, first := abandoned.err.line(t, 0, "back; 0 failed", slow)
	abandoned.err.line(t, first+1, "back; 0 failed", slow) // the first may be of the first frame
	abandoned.kill()
	killed := time.Now()
	gone, _ := bot.err.line(t, at, "is gone", lost())
	if took := time.Since(killed); !strings.Contains(gone, "peer lost") {
		t.Errorf("after %v echobot says %q", took, gone)
	}
	bot.err.line(t, at, "recorded", slow)
	readable(t, s.recording(s.path("rec"), 1), clip, 5)
}

// The same, seen by dial.
func TestKilledEchobot(t *testing.T) {
	t.Parallel()
	requireProbe(t)
	s := newStage(t)
	s.local()
	bot := s.startBot(s.path("rec"))
	clip := beginning(t, s.dir, 8*time.Second)
	d := s.dial("me", "bot", append(append(s.meet(bot, 1), clip.flags()...), "-duration", "1m", "-out", s.path("out"))...)
	_, at := d.err.line(t, 0, "back; 0 failed", slow)
	d.err.line(t, at+1, "back; 0 failed", slow)
	bot.kill()
	if status := d.wait(lost()); status != 1 {
		t.Errorf("dial ended with status %d", status)
	}
	if r := s.result(d); r.EndReason != "peer lost" {
		t.Errorf("dial says that it ended %q", r.EndReason)
	}
	d.err.line(t, 0, "lost its network", time.Second)
	readable(t, s.path("out"), clip, 40)
	readable(t, s.recording(s.path("rec"), 1), clip, 40) // of a program that was killed
}

// readable wants both files of a recording to be the beginning of the clip, and ffprobe to read them.
func readable(t *testing.T, dir string, clip source, least int) {
	t.Helper()
	for _, f := range []struct{ name, source string }{{"video.ivf", clip.video}, {"audio.ogg", clip.audio}} {
		path := filepath.Join(dir, f.name)
		begins(t, path, f.source, least)
		probe(t, path, -1)
	}
}

// A full disk ends the recording on that side, with the reason, and nothing else.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	requireProbe(t)
	s := newStage(t)
	botDisk, dialDisk := smallDisk(t, s.path("botdisk")), smallDisk(t, s.path("dialdisk"))
	s.local()
	bot := s.startBot(botDisk)
	clip := beginning(t, s.dir, 5*time.Second)
	frames := len(frames(t, clip.video, false))
	d := s.dial("me", "bot", append(append(s.meet(bot, 1), clip.flags()...), "-out", dialDisk)...)
	if status := d.wait(slow); status != 1 {
		t.Errorf("dial ended with status %d, though its recording is not whole", status)
	}
	r := s.result(d)
	if r.EndReason != "left" || r.Video.Sent != uint64(frames) || r.Video.Opened != r.Video.Sent || r.Video.Failed != 0 {
		t.Errorf("the call did not go on: %+v", r)
	}
	if !strings.Contains(r.Recording.Error, "no space left") {
		t.Errorf("dial gives as the reason %q", r.Recording.Error)
	}
	line, _ := bot.err.line(t, 0, "ends, the call goes on", slow)
	if !strings.Contains(line, "no space left") {
		t.Errorf("echobot says %q", line)
	}
	bot.err.line(t, 0, "recording is not whole", slow)
	readable(t, s.recording(botDisk, 1), clip, 20)
	readable(t, dialDisk, clip, 20)
}

// smallDisk is a file system of 96 KiB: a second or two of the clip.
func smallDisk(t *testing.T, dir string) string {
	t.Helper()
	if os.Geteuid() != 0 {
		netns.Require(t, "mounting a small disk needs root")
	}
	netns.Require(t, netns.Missing("mount", "umount"))
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=96k", "sotto-test", dir).CombinedOutput(); err != nil {
		netns.Require(t, "mounting a small disk: "+string(out))
	}
	release, err := guard("umount -l " + dir)
	if err != nil {
		t.Error(err)
		release = func() {}
	}
	t.Cleanup(func() {
		release()
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %v: %s", err, out)
		}
	})
	return dir
}
