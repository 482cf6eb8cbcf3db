package file_test

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/file"
)

// law is the n-th frame of 20 ms, with bytes of its own.
func law(n int) media.Frame {
	f := media.Frame{Time: time.Duration(n) * 20 * time.Millisecond, Duration: 20 * time.Millisecond, Key: true}
	for i := range 160 {
		f.Data = append(f.Data, byte(n*7+i))
	}
	return f
}

// A recording of G.711 is what came, byte for byte, with silence where nothing did.
func TestG711Gaps(t *testing.T) {
	for codec, silence := range map[media.Codec]byte{media.PCMU: 0xff, media.PCMA: 0xd5} {
		synctest.Test(t, func(t *testing.T) {
			dir := t.TempDir()
			r, err := file.NewRecorder(dir, file.RecorderOptions{})
			if err != nil {
				t.Fatal(err)
			}
			sink := r.Track(media.TrackInfo{Kind: media.Audio, Codec: codec, ClockRate: 8000, Channels: 1})
			var want []byte
			write := func(f media.Frame, gap int) {
				want = append(append(want, bytes.Repeat([]byte{silence}, gap)...), f.Data...)
				if err := sink.WriteFrame(f); err != nil {
					t.Error(err)
				}
			}
			write(law(5), 0) // the file begins with the first frame
			write(law(6), 0)
			lost := law(8)
			lost.Missing = 1
			write(lost, 160)
			write(law(10), 0) // a clock that was set by 20 ms
			write(law(60), 50*160)
			write(law(61), 0)
			far := law(62)
			far.Time += 24 * time.Hour // which has not passed
			far.Data = far.Data[:159]
			write(far, 0)
			if err := r.Close(); err != nil {
				t.Error(err)
			}
			path := filepath.Join(dir, "audio.wav")
			f := r.Files()[0]
			if f.Path != path || f.Frames != 7 || f.Missing != 1 || f.Start != 100*time.Millisecond {
				t.Errorf("%+v", f)
			}
			name := map[media.Codec]string{media.PCMU: "mulaw", media.PCMA: "alaw"}[codec]
			if got := silent(t, "ffmpeg", "-v", "error", "-i", path, "-c", "copy", "-f", name, "-"); !bytes.Equal(got, want) {
				t.Errorf("%s: %d bytes, want %d", codec, len(got), len(want))
			}
			if streams, _ := probe(t, path); streams[0].Codec != "pcm_"+name || streams[0].Channels != 1 {
				t.Errorf("%+v", streams)
			}
			if b, _ := os.ReadFile(path); len(b) != 58+len(want)+1 {
				t.Errorf("%d bytes: an odd chunk has one more", len(b))
			}
		})
	}
}

// The time that has passed may be filled, in pieces, and no more than that and a minute.
func TestG711FillsWhatHasPassed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out sizes
		w, err := file.NewG711Writer(&out, media.PCMU)
		if err != nil {
			t.Fatal(err)
		}
		write := func(at time.Duration) {
			f := law(0)
			f.Time = at
			if err := w.WriteFrame(f); err != nil {
				t.Error(err)
			}
		}
		write(0)
		time.Sleep(time.Hour)
		write(time.Hour)
		if out.all != 58+8000*3600+160 {
			t.Errorf("%d bytes after an hour of silence", out.all)
		}
		if out.most > 8000 {
			t.Errorf("%d bytes at once", out.most)
		}
		for n := range 100 { // a minute is left
			write(time.Hour + time.Duration(n+1)*50*time.Second)
		}
		if most := 58 + 8000*3600 + 8000*60 + 101*160; out.all > most {
			t.Errorf("%d bytes, at most %d", out.all, most)
		}
		write(math.MaxInt64)
	})
}

// sizes counts what is written.
type sizes struct{ all, most int }

func (s *sizes) Write(b []byte) (int, error) {
	s.all += len(b)
	s.most = max(s.most, len(b))
	return len(b), nil
}

// The limit of a recording counts for G.711 too, and what is there can be read.
func TestG711Limit(t *testing.T) {
	dir := t.TempDir()
	r, err := file.NewRecorder(dir, file.RecorderOptions{MaxBytes: 1000})
	if err != nil {
		t.Fatal(err)
	}
	sink := r.Track(media.TrackInfo{Kind: media.Audio, Codec: media.PCMA})
	for n := range 10 {
		if err = sink.WriteFrame(law(n)); err != nil {
			break
		}
	}
	if !errors.Is(err, file.ErrSizeLimit) {
		t.Error(err)
	}
	if err := r.Close(); !errors.Is(err, file.ErrSizeLimit) {
		t.Error(err)
	}
	if b, _ := os.ReadFile(filepath.Join(dir, "audio.wav")); len(b) > 1000 || len(b) != 58+5*160 {
		t.Errorf("%d bytes", len(b))
	}
	probe(t, filepath.Join(dir, "audio.wav"))
	if _, err := file.NewG711Writer(&sizes{}, media.Opus); err == nil {
		t.Error("Opus was taken for G.711")
	}
}
