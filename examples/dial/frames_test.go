package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/examples/internal/clip"
	"github.com/sotto-calls/sotto/internal/netns"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/file"
)

// frames reads all frames of a file. One that was cut off is read up to there if torn is allowed.
func frames(t *testing.T, path string, torn bool) (all [][]byte) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	format := file.Ogg
	if strings.HasSuffix(path, ".ivf") {
		format = file.IVF
	}
	r, err := format(f)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	for {
		frame, err := r.ReadFrame()
		switch {
		case err == io.EOF, torn && errors.Is(err, io.ErrUnexpectedEOF):
			return all
		case err != nil:
			t.Fatalf("%s: frame %d: %v", path, len(all), err)
		}
		all = append(all, frame.Data)
	}
}

// same wants the frames of a recording to be those of the source: all, in order, none extra, byte for byte.
func same(t *testing.T, recording, source string) {
	t.Helper()
	got, want := frames(t, recording, false), frames(t, source, false)
	for i := range min(len(got), len(want)) {
		if !bytes.Equal(got[i], want[i]) {
			t.Errorf("%s: frame %d of %d bytes is not the source's of %d", recording, i, len(got[i]), len(want[i]))
			return
		}
	}
	if n := len(got); n < len(want) {
		t.Errorf("%s has %d frames, the source %d; the first that is not there has %d bytes", recording, n, len(want), len(want[n]))
	} else if n > len(want) {
		t.Errorf("%s has %d frames, the source %d", recording, n, len(want))
	}
}

// begins wants the recording to be the beginning of the source, of at least so many frames. Packets of two bytes hold the
// place of a gap in time, as when the machine stood still for a moment; the source has none.
func begins(t *testing.T, recording, source string, least int) {
	t.Helper()
	got, want := frames(t, recording, true), frames(t, source, false)
	got = slices.DeleteFunc(got, func(frame []byte) bool { return len(frame) <= 2 })
	if len(got) < least || len(got) > len(want) {
		t.Errorf("%s has %d frames, want %d to %d", recording, len(got), least, len(want))
		return
	}
	for i := range got {
		if !bytes.Equal(got[i], want[i]) {
			t.Errorf("%s: frame %d is not the source's", recording, i)
			return
		}
	}
}

// probe wants ffprobe to count so many frames and to complain of nothing; want < 0 takes any number but 0.
func probe(t *testing.T, path string, want int) {
	t.Helper()
	var complaints strings.Builder
	c := exec.Command("ffprobe", "-v", "warning", "-count_packets", "-show_entries", "stream=nb_read_packets", "-of", "csv=p=0", path)
	c.Stderr = &complaints
	out, err := c.Output()
	if err != nil || complaints.Len() > 0 {
		t.Errorf("ffprobe %s: %v: %s", filepath.Base(path), err, complaints.String())
		return
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(out)))
	if err != nil || n != want && want >= 0 || n == 0 {
		t.Errorf("ffprobe counts %q packets in %s, want %d", out, path, want)
	}
}

// A source is a pair of files to send.
type source struct{ video, audio string }

func (s source) flags() []string { return []string{"-video", s.video, "-audio", s.audio} }

// beginning writes the first part of the built-in clip.
func beginning(t *testing.T, dir string, length time.Duration) source {
	t.Helper()
	s := source{filepath.Join(dir, "part.ivf"), filepath.Join(dir, "part.ogg")}
	cut(t, clip.Video(), file.IVF, s.video, length)
	cut(t, clip.Audio(), file.Ogg, s.audio, length)
	return s
}

func cut(t *testing.T, in io.Reader, format file.Format, path string, length time.Duration) {
	t.Helper()
	r, err := format(in)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	var w media.Sink = file.NewOggWriter(f, file.OggOptions{})
	if strings.HasSuffix(path, ".ivf") {
		w = file.NewIVFWriter(f, file.IVFOptions{})
	}
	for {
		frame, err := r.ReadFrame()
		if err == io.EOF || err == nil && frame.Time >= length {
			break
		}
		if err == nil {
			err = w.WriteFrame(frame)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// generated is a clip that ffmpeg makes: not the built-in one. It has what clips of others have: hidden pictures (alternate
// references), a rate that is no whole number, key frames of many packets, stereo, packets of 60 ms.
func generated(t *testing.T, dir string, seconds int) source {
	t.Helper()
	netns.Require(t, netns.Missing("ffmpeg", "ffprobe"))
	s := source{filepath.Join(dir, "made.ivf"), filepath.Join(dir, "made.ogg")}
	d := strconv.Itoa(seconds)
	for _, args := range []string{
		"-f lavfi -i testsrc2=s=640x360:r=30000/1001:d=" + d + ",noise=alls=20:allf=t -c:v libvpx -b:v 1M -g 30 -auto-alt-ref 1 -lag-in-frames 16 -deadline realtime -cpu-used 8 " + s.video,
		"-f lavfi -i anoisesrc=r=48000:a=0.3:d=" + d + " -ac 2 -c:a libopus -frame_duration 60 -b:a 64k " + s.audio,
	} {
		c := exec.Command("ffmpeg", append([]string{"-v", "error", "-y"}, strings.Fields(args)...)...)
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("ffmpeg: %v: %s", err, out)
		}
	}
	return s
}

// requireProbe is for tests that want another program to read what was recorded.
func requireProbe(t *testing.T) {
	t.Helper()
	netns.Require(t, netns.Missing("ffprobe"))
}
