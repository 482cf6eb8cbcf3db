package ffmpeg

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/media"
)

// pidIn reads a process's number from a file.
func pidIn(path string) int {
	b, _ := os.ReadFile(path)
	n, _ := strconv.Atoi(strings.TrimSpace(string(b)))
	return n
}

// tooLong is what nothing here takes that starts some processes, on a busy machine either, and all that wait for one that
// hangs: these hang for a minute or for ever, and Open gives up after 20 s.
const tooLong = 15 * time.Second

// Processes that misbehave: Open says so in time, and none of them is left.
func TestMisbehaving(t *testing.T) {
	for name, c := range map[string]struct {
		body  string
		words string // in the error
	}{
		"dies":                {"echo 'no such camera' >&2; exit 3", "no such camera"},
		"dies without a word": {"exit 1", "exit status 1"},
		"ends well":           {"exit 0", "unexpected EOF"},
		"writes garbage":      {"yes; sleep 60", "DKIF"},
		"floods stderr":       {"i=0; while [ $i -lt 20000 ]; do echo 'line of words and more words'; i=$((i+1)); done >&2; echo last words >&2; exit 1", "last words"},
		"ignores SIGTERM":     {"trap '' TERM; printf 'garbage garbage garbage garbage garbage'; echo $$ > \"$0.pid\"; while :; do sleep 1; done", "DKIF"},
		"leaves a child":      {"sleep 60 & echo $! > \"$0.pid\"; exit 1", "exit status 1"},
		"child and garbage":   {"trap '' TERM; (trap '' TERM; sleep 60) & echo $! > \"$0.pid\"; printf 'garbage garbage garbage garbage garbage'; wait", "DKIF"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := script(t, c.body)
			start := time.Now()
			_, err := Open(t.Context(), Camera("x"), Config{Program: path})
			if err == nil || !strings.Contains(err.Error(), c.words) {
				t.Errorf("%v, want %q in it", err, c.words)
			}
			if e, ok := errors.AsType[*media.DeviceError](err); !ok || e.Device != "x" {
				t.Errorf("%T %v", err, err)
			}
			if len(err.Error()) > 1200 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
			if e, ok := errors.AsType[*Error](err); ok && len(e.Words) > maxWords {
				t.Errorf("%d bytes of words", len(e.Words))
			}
			if took := time.Since(start); took > tooLong {
				t.Errorf("it took %v", took)
			}
			if _, err := os.Stat(path + ".pid"); err == nil {
				gone(t, pidIn(path+".pid"))
			}
		})
	}
}

// A process that hangs and ignores SIGTERM is gone after Close all the same.
func TestCloseKills(t *testing.T) {
	t.Parallel()
	need(t, "ffmpeg")
	// A true ffmpeg writes the beginning of a film, then nothing more comes.
	path := script(t, "trap '' TERM; echo $$ > \"$0.pid\"; ffmpeg -nostdin -loglevel error -f lavfi -i "+picture+
		" -frames:v 3 -c:v libvpx -deadline realtime -f ivf pipe:1; while :; do sleep 1; done")
	s := mustOpen(t, Camera("x"), Config{Program: path})
	mustRead(t, s.Video(), 3)
	start := time.Now()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if took := time.Since(start); took > tooLong {
		t.Errorf("Close took %v", took)
	}
	gone(t, pidIn(path+".pid"))
}

// An ffmpeg that never starts again is tried ever more seldom; the error is the first one, told once.
func TestBackoff(t *testing.T) {
	t.Parallel()
	need(t, "ffmpeg")
	path := script(t, "echo x >> \"$0.count\"; [ $(wc -l < \"$0.count\") = 1 ] || { echo 'Device or resource busy' >&2; exit 1; }\n"+
		"exec ffmpeg -nostdin -loglevel error -f lavfi -i "+picture+" -frames:v 3 -c:v libvpx -deadline realtime -f ivf pipe:1")
	var told events
	s := mustOpen(t, Camera("x"), Config{Program: path, Notify: told.notify})
	mustRead(t, s.Video(), 3)
	eventually(t, "four starts", func() bool { return s.Stats().Starts >= 4 })
	if l := told.list(); len(l) != 1 || l[0].Up {
		t.Errorf("%+v", l)
	}
	e, ok := errors.AsType[*media.DeviceError](s.Err())
	if !ok || e.Fault != media.DeviceBusy || !s.Stats().Down {
		t.Errorf("%v", s.Err())
	}
	start := time.Now()
	_ = s.Close()
	if took := time.Since(start); took > tooLong {
		t.Errorf("Close took %v", took)
	}
}

// What is missing is said in words.
func TestMissing(t *testing.T) {
	if _, err := Open(t.Context(), Camera("x"), Config{Program: "/nowhere/ffmpeg"}); !errors.Is(err, ErrNoFFmpeg) || !strings.Contains(err.Error(), "install") {
		t.Error(err)
	}
	old := t.TempDir() + "/ffmpeg"
	writeProgram(t, old, "#!/bin/sh\necho 'ffmpeg version 3.4.2 Copyright' >&2\n")
	if _, err := Open(t.Context(), Camera("x"), Config{Program: old}); err == nil || !strings.Contains(err.Error(), "version 3") {
		t.Error(err)
	}
	poor := script(t, "exit 1")
	_, err := Open(t.Context(), Camera("x"), Config{Program: poor, Codec: media.H264})
	if err == nil || !strings.Contains(err.Error(), "libx264 or libopenh264") {
		t.Error(err)
	}
	if _, err := Open(t.Context(), Format("lavfi", both, nil), Config{Program: poor}); err == nil {
		t.Error("opened")
	}
}

// All faults of a Config are told at once.
func TestConfigFaults(t *testing.T) {
	_, err := Open(t.Context(), Camera("x"), Config{
		NoVideo: true, NoAudio: true, Codec: media.AV1, Width: 3, Height: -2, FrameRate: 121, Bitrate: 1, KeyInterval: time.Hour,
		AudioBitrate: 1, Channels: 3, Loop: true,
	})
	for _, words := range []string{"leave nothing", "codec", "size", "frame rate", "bitrate 1:", "key interval", "audio bitrate", "3 channels", "Loop"} {
		if err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%q is not in %v", words, err)
		}
	}
}
