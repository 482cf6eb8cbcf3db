package synthetic

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/file"
	"github.com/sotto-calls/sotto/media/synthetic/internal/vp8"
)

var (
	_ media.Source    = (*Pattern)(nil)
	_ media.KeyFramer = (*Pattern)(nil)
	_ media.Source    = (*Tone)(nil)
)

// run runs a program that must not complain and returns its output.
func run(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("SOTTO_REQUIRE") == "1" {
			t.Fatalf("SOTTO_REQUIRE=1, but %s is not installed", name)
		}
		t.Skipf("needs %s, which is not installed", name)
	}
	var out, complaints bytes.Buffer
	cmd := exec.Command(path, args...)
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Run(); err != nil || complaints.Len() > 0 {
		t.Fatalf("%s: %v\n%s", name, err, complaints.String())
	}
	return out.Bytes()
}

// store writes frames into a file.
func store(t *testing.T, sink media.Sink, frames []media.Frame) {
	t.Helper()
	for _, f := range frames {
		if err := sink.WriteFrame(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
}

func create(t *testing.T, name string) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), name))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// What ffmpeg decodes is the picture that was painted, frame by frame.
func TestPatternIsWhatItShows(t *testing.T) {
	for _, c := range []struct{ width, height, fps int }{{640, 360, 10}, {320, 240, 15}, {66, 98, 10}, {1280, 720, 3}} {
		p, err := NewPattern(PatternOptions{Width: c.width, Height: c.height, FPS: c.fps, Duration: 2 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		frames := collect(t, p)
		if len(frames) != 2*c.fps {
			t.Fatalf("%d frames, want %d", len(frames), 2*c.fps)
		}
		f := create(t, "pattern.ivf")
		store(t, file.NewIVFWriter(f, file.IVFOptions{}), frames)
		got := run(t, "ffmpeg", "-v", "error", "-i", f.Name(), "-f", "rawvideo", "-pix_fmt", "yuv420p", "-vsync", "passthrough", "-")
		want := newPainter(c.width, c.height)
		size := len(visible(want.paint(0, c.fps)))
		if len(got) != size*len(frames) {
			t.Fatalf("%d bytes decoded, want %d", len(got), size*len(frames))
		}
		for n := range frames {
			if q := psnr(got[n*size:][:size], visible(want.paint(n, c.fps))); q < 36 {
				t.Fatalf("%dx%d: picture %d: %.1f dB, want 36", c.width, c.height, n, q)
			}
		}
	}
}

// collect encodes all pictures without waiting for the clock.
func collect(t *testing.T, p *Pattern) (frames []media.Frame) {
	t.Helper()
	for n := 0; ; n++ {
		f, err := p.frame(context.Background(), func(context.Context, time.Duration) (time.Duration, error) { return p.time(n), nil })
		if err == io.EOF {
			return frames
		}
		if err != nil {
			t.Fatal(err)
		}
		frames = append(frames, f)
	}
}

// visible is what of a picture is shown.
func visible(p *vp8.Picture) (b []byte) {
	for i, plane := range []*vp8.Plane{&p.Y, &p.U, &p.V} {
		w, h := p.Width, p.Height
		if i > 0 {
			w, h = (w+1)/2, (h+1)/2
		}
		for y := range h {
			b = append(b, plane.Pix[y*plane.Stride:][:w]...)
		}
	}
	return b
}

func psnr(a, b []byte) float64 {
	sum := 0.0
	for i := range a {
		d := float64(a[i]) - float64(b[i])
		sum += d * d
	}
	return 10 * math.Log10(255*255*float64(len(a))/max(sum, 1e-9))
}

// Every picture comes when it is due for a minute, key frames every 3 s and when asked for, at a modest rate.
func TestPatternPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, err := NewPattern(PatternOptions{Width: 160, Height: 96})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		start := time.Now()
		for n := range 60 * 30 {
			if n == 100 {
				p.ForceKeyFrame()
			}
			f, err := p.Read(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if want := time.Duration(n) * time.Second / 30; f.Time != want || time.Since(start) != want {
				t.Fatalf("picture %d has time %v and came at %v, want %v", n, f.Time, time.Since(start), want)
			}
			if n <= 280 {
				if want := n == 0 || n == 90 || n == 100 || n == 190 || n == 280; f.Key != want || f.Data[0]&1 == 0 != want {
					t.Errorf("picture %d: key %v, want %v", n, f.Key, want)
				}
			}
		}
	})
}

func TestPatternRate(t *testing.T) {
	p, err := NewPattern(PatternOptions{Duration: 6 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, f := range collect(t, p) {
		total += len(f.Data)
	}
	if kbps := total * 8 / 6000; kbps > 600 || kbps < 20 {
		t.Errorf("%d kb/s", kbps)
	}
	t.Logf("%d kb/s", total*8/6000)
}

func TestPatternClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, err := NewPattern(PatternOptions{FPS: 1})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Read(t.Context()); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error)
		go func() {
			_, err := p.Read(context.Background())
			ended <- err
		}()
		synctest.Wait()
		if err := errors.Join(p.Close(), p.Close()); err != nil {
			t.Error(err)
		}
		if err := <-ended; !errors.Is(err, fs.ErrClosed) {
			t.Errorf("closed: %v", err)
		}
	})
}

func TestPatternRefuses(t *testing.T) {
	for _, o := range []PatternOptions{
		{Width: 640}, {Width: 63, Height: 64}, {Width: 5000, Height: 64}, {FPS: -1}, {FPS: 121}, {Duration: -1},
	} {
		if _, err := NewPattern(o); err == nil {
			t.Errorf("took %+v", o)
		}
	}
}

func BenchmarkPattern(b *testing.B) {
	p, err := NewPattern(PatternOptions{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	now := func(_ context.Context, at time.Duration) (time.Duration, error) { return at, nil }
	for b.Loop() {
		if _, err := p.frame(context.Background(), now); err != nil {
			b.Fatal(err)
		}
	}
}
