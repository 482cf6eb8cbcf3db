package choice

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestChoice(t *testing.T) {
	for _, c := range []struct {
		text, backend, name, fault string
	}{
		{"test", "test", "", ""},
		{"none", "none", "", ""},
		{"pulse", "pulse", "", ""},
		{"pulse:a:b", "pulse", "a:b", ""},
		{"ffmpeg:alsa:hw:1", "ffmpeg", "alsa:hw:1", ""},
		{"ffmpeg", "", "", "told what"},
		{"test:loud", "", "", "takes no name"},
		{"", "", "", "want test"},
		{"alsa:hw:1", "", "", "want test"},
	} {
		f := Flag{Backends: []string{Test, None, Pulse, FFmpeg}}
		err := f.Set(c.text)
		if (err == nil) != (c.fault == "") || err != nil && !strings.Contains(err.Error(), c.fault) {
			t.Errorf("%q: %v", c.text, err)
		}
		if f.Backend != c.backend || f.Name != c.name || err == nil && f.Device.String() != c.text {
			t.Errorf("%q: %q, %q, %v", c.text, f.Backend, f.Name, f.Device)
		}
	}
	if shown := fmt.Sprint(Flag{Device: Device{FFmpeg, "rtsp://user:secret@camera/secret"}}.Device); shown != "ffmpeg:rtsp://…" {
		t.Errorf("a camera with a password is shown as %s", shown)
	}
	for name, ok := range map[string]bool{"camera:": true, "screen::0": true, "rtsp://a:b@camera/1": true, "lavfi:testsrc2": true, "nonsense": false} {
		d := Device{FFmpeg, name}
		if _, err := d.Input(); (err == nil) != ok {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// The test devices keep time, and end when they are closed.
func TestTestDevices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		in, buf := NewTone(), make([]int16, 480)
		var levels []uint8
		out := NewDummy(func(level uint8) { levels = append(levels, level) })
		for range 500 {
			n, err := in.Read(t.Context(), buf)
			if err != nil || n != 480 {
				t.Fatal(n, err)
			}
		}
		if took := time.Since(start); took < 4980*time.Millisecond || took > 5*time.Second {
			t.Errorf("5 s of tone took %v", took)
		}
		start = time.Now()
		for range 1500 {
			if err := out.Write(t.Context(), buf); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took < 14980*time.Millisecond || took > 15*time.Second {
			t.Errorf("15 s of playing took %v", took)
		}
		if len(levels) != 2 || levels[0] != 23 { // -20 dB, and a sine is 3 dB below a square wave
			t.Errorf("levels %v", levels)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := in.Read(ctx, buf); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		in.Close()
		if _, err := in.Read(t.Context(), buf); !errors.Is(err, fs.ErrClosed) {
			t.Error(err)
		}
	})
}
