package file_test

import (
	"bytes"
	"errors"
	"io"
	"math"
	"runtime"
	"testing"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/file"
)

// fuzzReader reads what a fuzzer makes up: no panic, no end without end, no fault that is not a FormatError, times in order, and no
// more memory than a small multiple of what was read.
func fuzzReader(t *testing.T, format file.Format, b []byte) (frames []media.Frame) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r, err := format(bytes.NewReader(b))
	var last media.Frame
	total := 0
	for err == nil {
		var f media.Frame
		if f, err = r.ReadFrame(); err != nil {
			break
		}
		if len(f.Data) == 0 || f.Time < last.Time || f.Duration < 0 {
			t.Fatalf("a frame of %d bytes at %v after %v", len(f.Data), f.Time, last.Time)
		}
		if total += len(f.Data); total > len(b) {
			t.Fatalf("%d bytes of frames out of %d bytes", total, len(b))
		}
		frames, last = append(frames, f), f
	}
	if err != io.EOF && !errors.Is(err, file.ErrFormat) {
		t.Fatalf("neither the end nor a bad format: %v", err)
	}
	runtime.ReadMemStats(&after)
	if used, cap := after.TotalAlloc-before.TotalAlloc, uint64(1<<20+400*len(b)); used > cap {
		t.Fatalf("%d bytes allocated for %d bytes of input", used, len(b))
	}
	return frames
}

func FuzzOgg(f *testing.F) {
	good := clip(f, "clip.ogg")
	f.Add(good[:3000])
	f.Add(append(good[:1500:1500], good[:1500]...))
	f.Fuzz(func(t *testing.T, b []byte) {
		fuzzReader(t, file.Ogg, b)
		fuzzReader(t, file.Ogg, file.MendOgg(b)) // with checksums that fit, so that more than the checksum is tried
	})
}

func FuzzIVF(f *testing.F) {
	good := clip(f, "clip.ivf")
	f.Add(good[:44])
	f.Add(append(good[:32:32], 1, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 7))
	f.Fuzz(func(t *testing.T, b []byte) {
		frames := fuzzReader(t, file.IVF, b)
		w := file.NewIVFWriter(io.Discard, file.IVFOptions{})
		for _, frame := range frames {
			if err := w.WriteFrame(frame); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func FuzzAnnexB(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 0x67, 1, 2, 0, 0, 1, 0x68, 3, 0, 0, 1, 0x65, 0x88, 9, 0, 0, 0, 1, 0x41, 0x9a, 8})
	f.Fuzz(func(t *testing.T, b []byte) {
		frames := fuzzReader(t, file.AnnexB(file.Rational{Num: 30, Den: 1}), b)
		var all []byte
		for _, frame := range frames {
			all = append(all, frame.Data...)
		}
		if len(frames) > 0 && !bytes.Equal(all, b) {
			t.Fatal("the frames are not the file")
		}
	})
}

func FuzzWAV(f *testing.F) {
	var buf bytes.Buffer
	w, _ := file.NewWAVWriter(&buf, 8000, 1)
	_ = w.WriteFrame(media.Frame{Data: make([]byte, 500)})
	f.Add(buf.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) { fuzzReader(t, file.WAV, b) })
}

// FuzzWriters writes frames as a hostile peer may send them: any bytes at any time.
func FuzzWriters(f *testing.F) {
	f.Add([]byte{0xf8, 0xff, 0xfe}, int64(20e6), int64(20e6))
	f.Add([]byte{0x10, 0, 0, 0x9d, 1, 0x2a, 0x40, 1, 0xf0, 0}, int64(math.MaxInt64), int64(math.MinInt64))
	f.Fuzz(func(t *testing.T, data []byte, first, step int64) {
		for _, webm := range []bool{false, true} {
			out := &counter{}
			r, err := file.NewRecorder("", file.RecorderOptions{
				WebM: webm, MaxBytes: 1 << 20, Create: func(string) (io.WriteCloser, error) { return out, nil },
			})
			if err != nil {
				t.Fatal(err)
			}
			audio, video := r.Track(opusTrack), r.Track(vp8Track)
			at := first
			for range 5 {
				frame := media.Frame{Data: data, Time: max(0, durationOf(at)), Key: len(data)%2 == 0}
				_ = audio.WriteFrame(frame)
				_ = video.WriteFrame(frame)
				at += step
			}
			_ = r.Close()
			if out.n > 1<<20 {
				t.Fatalf("%d bytes written, the limit is 1 MiB", out.n)
			}
		}
	})
}
