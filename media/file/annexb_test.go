package file_test

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/file"
)

// The access units of ffmpeg's stream are ffprobe's packets, and one after the other they are the file.
func TestAnnexBFromFFmpeg(t *testing.T) {
	for _, extra := range []string{"slices=1", "slices=4", "aud=1:slices=2", "bframes=3"} {
		path := save(t, "in.h264", nil)
		silent(t, "ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=s=320x240:r=25:d=2", "-pix_fmt", "yuv420p",
			"-c:v", "libx264", "-g", "25", "-x264-params", "log-level=error:"+extra, "-f", "h264", path)
		in, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		got := readAll(t, file.AnnexB(file.Rational{Num: 25, Den: 1}), in)
		_, sizes := packetsOf(t, path, "v:0")
		if len(got) != 50 || len(sizes) != 50 {
			t.Fatalf("%s: %d pictures, ffprobe has %d, want 50", extra, len(got), len(sizes))
		}
		var out bytes.Buffer
		w := file.NewAnnexBWriter(&out)
		for i, f := range got {
			if f.Key != (i%25 == 0) || f.Time != time.Duration(i)*40*time.Millisecond || f.Duration != 40*time.Millisecond {
				t.Errorf("%s: picture %d: key %v at %v", extra, i, f.Key, f.Time)
			}
			if err := w.WriteFrame(f); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(out.Bytes(), in) {
			t.Errorf("%s: the copy differs", extra)
		}
	}
}

func TestAnnexBErrors(t *testing.T) {
	fps := file.Rational{Num: 30, Den: 1}
	for _, b := range []string{"", "\x00", "\x00\x00\x00\x02", "text"} {
		if _, err := file.NewAnnexBReader(strings.NewReader(b), fps); !errors.Is(err, file.ErrFormat) {
			t.Errorf("%q: %v", b, err)
		}
	}
	if _, err := file.NewAnnexBReader(strings.NewReader("\x00\x00\x01\x65"), file.Rational{}); !errors.Is(err, file.ErrFormat) {
		t.Errorf("no frame rate: %v", err)
	}
	endless := append([]byte{0, 0, 0, 1, 0x65, 0x88}, bytes.Repeat([]byte{0x55}, file.MaxFrame+1)...)
	r, err := file.NewAnnexBReader(bytes.NewReader(endless), fps)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.ReadFrame(); !errors.Is(err, file.ErrFormat) {
		t.Errorf("a picture without end: %v", err)
	}
	if err := file.NewAnnexBWriter(&bytes.Buffer{}).WriteFrame(media.Frame{Data: []byte{1, 2, 3}}); err == nil {
		t.Error("wrote a frame without a start code")
	}
}
