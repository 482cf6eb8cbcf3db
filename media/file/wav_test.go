package file_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/file"
)

// ffmpeg's WAV file, copied, holds the same samples and is read by ffprobe.
func TestWAVCopy(t *testing.T) {
	for _, rate := range []string{"8000", "44100", "48000"} {
		in := save(t, "in.wav", nil)
		silent(t, "ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "sine=440:d=0.5:r="+rate, "-ac", "2", "-c:a", "pcm_s16le", in)
		b, err := os.ReadFile(in)
		if err != nil {
			t.Fatal(err)
		}
		r, err := file.NewWAVReader(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		out := filepath.Join(t.TempDir(), "out.wav")
		f, err := os.Create(out)
		if err != nil {
			t.Fatal(err)
		}
		info := r.Track()
		w, err := file.NewWAVWriter(f, info.ClockRate, info.Channels)
		if err != nil {
			t.Fatal(err)
		}
		var end time.Duration
		for {
			frame, err := r.ReadFrame()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if frame.Time != end {
				t.Fatalf("frame at %v, want %v", frame.Time, end)
			}
			end = frame.Time + frame.Duration
			if err := w.WriteFrame(frame); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if end != 500*time.Millisecond {
			t.Errorf("%v long, want 500ms", end)
		}
		if samples(t, in) != samples(t, out) {
			t.Errorf("%s Hz: the copy sounds different", rate)
		}
		probe(t, out)
	}
}

// samples is the MD5 of what ffmpeg decodes.
func samples(t *testing.T, path string) string {
	return string(silent(t, "ffmpeg", "-v", "error", "-i", path, "-f", "md5", "-"))
}

func TestWAVStream(t *testing.T) {
	var buf bytes.Buffer // no io.WriterAt: the header cannot know the length
	w, err := file.NewWAVWriter(&buf, 16000, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.WriteFrame(media.Frame{Data: make([]byte, 1000)}); err != nil {
		t.Fatal(err)
	}
	if err := w.WriteFrame(media.Frame{Data: make([]byte, 3)}); err == nil {
		t.Error("took half a sample")
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, f := range readAll(t, file.WAV, buf.Bytes()) {
		n += len(f.Data)
	}
	if n != 1000 {
		t.Errorf("%d bytes of samples, want 1000", n)
	}
}

func TestWAVErrors(t *testing.T) {
	var buf bytes.Buffer
	w, err := file.NewWAVWriter(&buf, 48000, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.WriteFrame(media.Frame{Data: make([]byte, 960)}), w.Close()); err != nil {
		t.Fatal(err)
	}
	good := buf.Bytes()
	with := func(at int, v uint16) []byte {
		b := bytes.Clone(good)
		binary.LittleEndian.PutUint16(b[at:], v)
		return b
	}
	for name, b := range map[string][]byte{
		"empty": nil, "short": good[:30], "text": []byte("not a WAV file, only a text"),
		"float": with(20, 3), "24 bits": with(34, 24), "six channels": with(22, 6), "no format": append(good[:12:12], good[36:]...),
	} {
		if _, err := file.NewWAVReader(bytes.NewReader(b)); !errors.Is(err, file.ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, c := range [][2]int{{0, 1}, {48000, 0}, {48000, 3}, {1 << 20, 1}} {
		if _, err := file.NewWAVWriter(&buf, c[0], c[1]); err == nil {
			t.Errorf("writes %d Hz, %d channels", c[0], c[1])
		}
	}
}
