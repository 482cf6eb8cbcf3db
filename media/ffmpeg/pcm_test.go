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
	"github.com/sotto-calls/sotto/media/pcm"
)

// listen takes so much sound of a microphone, and says how long that took.
func listen(t *testing.T, in pcm.Input, d time.Duration) (samples []int16, took time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	samples = make([]int16, in.Format().Samples(d))
	start := time.Now()
	for have := 0; have < len(samples); {
		n, err := in.Read(ctx, samples[have:])
		if err != nil {
			t.Fatalf("after %d samples: %v", have, err)
		}
		have += n
	}
	return samples, time.Since(start)
}

// tones counts the stretches of 50 ms of which such a share is at 1 kHz, and all of them.
func tones(samples []int16, share float64) (good, all int) {
	for ; len(samples) >= 2400; samples = samples[2400:] {
		if all++; power(samples[:2400], 1000) > share {
			good++
		}
	}
	return good, all
}

// lost is how many samples nobody read in time.
func lost(m *pcmInput) uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.dropped
}

// wantTone checks that a microphone gives the tone at its rate. Where the machine is not reserved one stretch in five may be
// none; and when this test, too slow, has lost sound, it listens again, five times at most.
func wantTone(t *testing.T, m *pcmInput) {
	t.Helper()
	for try := 1; ; try++ {
		before := lost(m)
		samples, took := listen(t, m, time.Second)
		good, all := tones(samples[4800:], 0.99)
		least, pace := all*8/10, 300*time.Millisecond
		if alone() {
			least, pace = all, 600*time.Millisecond
		}
		t.Logf("a second in %v; %d of %d stretches of 50 ms are the tone; %d samples are lost", took, good, all, lost(m)-before)
		if good >= least && took >= pace {
			return
		}
		if lost(m) == before || try == 5 {
			t.Error("that is not the tone")
			return
		}
	}
}

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
	wantTone(t, m)
	before := lost(m)
	eventually(t, "samples are dropped", func() bool { return lost(m) > before+4800 })
	if d := in.Delay(); d > maxPCM {
		t.Errorf("%v wait", d)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	buf := make([]int16, 480)
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
	if came := total + int(lost(in.(*pcmInput))); err != io.EOF || came < 94000 || came > 98000 {
		t.Errorf("%d samples, %d with those that came faster than they were read, %v", total, came, err)
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
	eventually(t, "it is played", func() bool { i, _ := os.Stat(path); return i != nil && i.Size() > 94_000 })
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
