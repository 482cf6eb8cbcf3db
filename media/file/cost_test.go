package file_test

import (
	"bytes"
	"io"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/file"
)

// counter is a file that only counts.
type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}

func (c *counter) Close() error { return nil }

func durationOf(n int64) time.Duration { return time.Duration(n) }

// Once warm, writing a frame allocates nothing, and reading one allocates the frame that the caller keeps.
func TestAllocations(t *testing.T) {
	audio, video := readAll(t, file.Ogg, clip(t, "clip.ogg")), readAll(t, file.IVF, clip(t, "clip.ivf"))
	webm, err := file.NewWebMWriter(io.Discard, media.TrackInfo{Codec: media.VP8})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		sink   media.Sink
		frames []media.Frame
	}{
		"Ogg":  {file.NewOggWriter(io.Discard, file.OggOptions{}), audio},
		"IVF":  {file.NewIVFWriter(io.Discard, file.IVFOptions{}), video},
		"WebM": {webm.Sink(0), video[:60]},
	} {
		for _, f := range c.frames {
			if err := c.sink.WriteFrame(f); err != nil {
				t.Fatal(err)
			}
		}
		f := c.frames[len(c.frames)-1]
		allocs := testing.AllocsPerRun(100, func() {
			f.Time += 20 * time.Millisecond
			if err := c.sink.WriteFrame(f); err != nil {
				t.Fatal(err)
			}
		})
		if allocs > 0 {
			t.Errorf("%s: %v allocations a frame", name, allocs)
		}
	}
	for name, c := range map[string]struct {
		format file.Format
		max    float64
	}{"clip.ivf": {file.IVF, 1}, "clip.ogg": {file.Ogg, 2}} {
		r, err := c.format(bytes.NewReader(clip(t, name)))
		if err != nil {
			t.Fatal(err)
		}
		allocs := testing.AllocsPerRun(100, func() {
			if _, err := r.ReadFrame(); err != nil {
				t.Fatal(err)
			}
		})
		if allocs > c.max {
			t.Errorf("%s: %v allocations a frame, want %v", name, allocs, c.max)
		}
	}
}

func benchmarkRead(b *testing.B, name string, format file.Format) {
	data := clip(b, name)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		r, err := format(bytes.NewReader(data))
		for err == nil {
			_, err = r.ReadFrame()
		}
		if err != io.EOF {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadOgg(b *testing.B) { benchmarkRead(b, "clip.ogg", file.Ogg) }
func BenchmarkReadIVF(b *testing.B) { benchmarkRead(b, "clip.ivf", file.IVF) }

func benchmarkWrite(b *testing.B, frames []media.Frame, sink media.Sink) {
	b.ReportAllocs()
	step := frames[1].Time
	for n := 0; b.Loop(); n++ {
		f := frames[n%len(frames)]
		f.Time = time.Duration(n) * step
		if err := sink.WriteFrame(f); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWriteOgg(b *testing.B) {
	benchmarkWrite(b, readAll(b, file.Ogg, clip(b, "clip.ogg")), file.NewOggWriter(io.Discard, file.OggOptions{}))
}

func BenchmarkWriteIVF(b *testing.B) {
	benchmarkWrite(b, readAll(b, file.IVF, clip(b, "clip.ivf")), file.NewIVFWriter(io.Discard, file.IVFOptions{}))
}
