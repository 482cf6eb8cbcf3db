package ffmpeg

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/media"
)

// A microphone gives the tone at its rate; what is not read does not pile up; Close ends the process.
func TestMicrophone(t *testing.T) {
	t.Parallel()
	need(t, "ffmpeg")
	in, err := Microphone(Format("lavfi", tone, nil))(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m := in.(*pcmInput)
	if f := in.Format(); f.Rate != 48000 || f.Channels != 1 {
		t.Errorf("%+v", f)
	}
	start := time.Now()
	var samples []int16
	buf := make([]int16, 480)
	for len(samples) < 48000 {
		n, err := in.Read(t.Context(), buf)
		if err != nil {
			t.Fatal(err)
		}
		samples = append(samples, buf[:n]...)
	}
	if took := time.Since(start); took < 600*time.Millisecond || took > 10*time.Second {
		t.Errorf("a second took %v", took)
	}
	if p := power(samples[4800:], 1000); p < 0.99 {
		t.Errorf("%.3f of the sound is at 1 kHz", p)
	}
	eventually(t, "samples are dropped", func() bool { m.mu.Lock(); defer m.mu.Unlock(); return m.dropped > 4800 })
	if d := in.Delay(); d > maxPCM {
		t.Errorf("%v wait", d)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for n := 1; n > 0 && err == nil; {
		n, err = in.Read(ctx, buf[:1])
		if n > 0 && m.Delay() > maxPCM {
			t.Fatal("it goes on and on")
		}
	}
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	pid := m.proc.cmd.Process.Pid
	if err := errors.Join(in.Close(), in.Close()); err != nil {
		t.Error(err)
	}
	gone(t, pid)
	if _, err := in.Read(t.Context(), buf); !errors.Is(err, fs.ErrClosed) {
		t.Error(err)
	}
}

// A file ends, a live microphone is gone, and what cannot be opened says why.
func TestMicrophoneEnds(t *testing.T) {
	t.Parallel()
	path := clip(t)
	in, err := Microphone(File(path))(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	total, buf := 0, make([]int16, 4800)
	for err == nil {
		var n int
		n, err = in.Read(t.Context(), buf)
		total += n
	}
	if err != io.EOF || total < 94000 || total > 98000 {
		t.Errorf("%d samples, %v", total, err)
	}
	gone := script(t, "head -c 4801 /dev/zero; echo 'No such device' >&2; exit 1")
	if in, err = microphone(gone, Format("alsa", "hw:1", nil))(t.Context()); err != nil {
		t.Fatal(err)
	}
	for total = 0; err == nil; {
		var n int
		n, err = in.Read(t.Context(), buf)
		total += n
	}
	_ = in.Close()
	if e, ok := errors.AsType[*media.DeviceError](err); !ok || e.Fault != media.DeviceGone || total != 2400 {
		t.Errorf("%d samples, %v", total, err)
	}
	for _, c := range []struct {
		in    Input
		words string
	}{{Input{}, "zero Input"}, {Format("lavfi", "nothing_like_it", nil), "nothing_like_it"}, {File("/nowhere"), "no such file"}} {
		if _, err := Microphone(c.in)(t.Context()); err == nil || !strings.Contains(err.Error(), c.words) {
			t.Errorf("%v, want %q", err, c.words)
		}
	}
}

// A speaker plays what it is given, whole, and ends with Close.
func TestSpeaker(t *testing.T) {
	t.Parallel()
	need(t, "ffmpeg")
	path := filepath.Join(t.TempDir(), "played")
	out, err := Speaker("s16le", "file:"+path, nil)(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	o := out.(*pcmOutput)
	samples := make([]int16, 480)
	for i := range 100 {
		for j := range samples {
			samples[j] = int16(10000 * math.Sin(2*math.Pi*1000*float64(i*480+j)/48000))
		}
		if err := out.Write(t.Context(), samples); err != nil {
			t.Fatal(err)
		}
	}
	if d := out.Delay(); d <= 0 || d > time.Second {
		t.Errorf("delay %v", d)
	}
	eventually(t, "it is played", func() bool { i, _ := os.Stat(path); return i != nil && i.Size() > 85_000 })
	pid := o.proc.cmd.Process.Pid
	if err := errors.Join(out.Close(), out.Close()); err != nil {
		t.Error(err)
	}
	gone(t, pid)
	if err := out.Write(t.Context(), samples); !errors.Is(err, fs.ErrClosed) {
		t.Error(err)
	}
}

// A speaker that is pulled says so; one that takes nothing holds Write up until its context or the speaker ends.
func TestSpeakerFails(t *testing.T) {
	t.Parallel()
	samples := make([]int16, 4800)
	out, err := speaker(script(t, "echo 'No such device' >&2; exit 1"), "alsa", "", nil)(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		err = out.Write(t.Context(), samples)
	}
	if e, ok := errors.AsType[*media.DeviceError](err); !ok || e.Fault != media.DeviceGone {
		t.Error(err)
	}
	_ = out.Close()

	if out, err = speaker(script(t, "exec sleep 60"), "alsa", "", nil)(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	for err == nil {
		err = out.Write(ctx, samples)
	}
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	written := make(chan error)
	go func() { written <- out.Write(t.Context(), samples) }()
	if err := out.Close(); err != nil {
		t.Error(err)
	}
	if err := <-written; !errors.Is(err, fs.ErrClosed) {
		t.Error(err)
	}
	for _, c := range []output{{format: "a b"}, {format: "alsa", url: "-y"}, {format: "alsa", url: "\x00"}, {format: "alsa", options: map[string]string{"y": "x"}}} {
		if _, err := Speaker(c.format, c.url, c.options)(t.Context()); err == nil {
			t.Errorf("%+v was taken", c)
		}
	}
}
