package file_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/file"
)

// packetsOf returns the times and sizes that ffprobe reads of a stream: "v:0" or "a:0".
func packetsOf(t *testing.T, path, stream string) (times []float64, sizes []int) {
	t.Helper()
	var v struct {
		Packets []struct {
			Time string `json:"pts_time"`
			Size string
		}
	}
	out := silent(t, "ffprobe", "-v", "error", "-select_streams", stream, "-show_packets", "-of", "json", path)
	if err := json.Unmarshal(out, &v); err != nil {
		t.Fatal(err)
	}
	for _, p := range v.Packets {
		times = append(times, seconds(p.Time))
		sizes = append(sizes, int(seconds(p.Size)))
	}
	return times, sizes
}

func TestRecorderWebM(t *testing.T) {
	const lag = 700 * time.Millisecond
	dir, files := record(t, file.RecorderOptions{WebM: true}, lag, func(k media.Kind, n int) bool {
		return k == media.Audio && n >= 100 && n < 150 || k == media.Video && n >= 60 && n < 90
	})
	path := filepath.Join(dir, "recording.webm")
	if files[0].Path != path || files[1].Path != path {
		t.Fatalf("files: %+v", files)
	}
	streams, duration := probe(t, path)
	if len(streams) != 2 || streams[0].Frames != "350" || streams[1].Frames != "210" || streams[1].Width != 640 || streams[1].Height != 360 {
		t.Errorf("ffprobe says %+v", streams)
	}
	if duration < 8.6 || duration > 8.7 {
		t.Errorf("%v s, want 8.67 until the last picture", duration)
	}
	audio, _ := packetsOf(t, path, "a:0")
	video, sizes := packetsOf(t, path, "v:0")
	for i, at := range audio {
		n := i
		if n >= 100 {
			n += 50
		}
		if off := at - float64(n)*0.02; off < -0.0080 || off > 0.0015 { // the codec's delay of 6.5 ms, and milliseconds
			t.Fatalf("packet %d at %v", n, at)
		}
	}
	source := readAll(t, file.IVF, clip(t, "clip.ivf"))
	for i, at := range video {
		n := i
		if n >= 60 {
			n += 30
		}
		if off := at - lag.Seconds() - float64(n)/30; off < -0.0015 || off > 0.0015 {
			t.Fatalf("frame %d at %v", n, at)
		}
		if sizes[i] != len(source[n].Data) {
			t.Fatalf("frame %d has %d bytes, want %d", n, sizes[i], len(source[n].Data))
		}
	}
}

// What ffmpeg takes out of the file again is what went in.
func TestWebMIsLossless(t *testing.T) {
	dir, _ := record(t, file.RecorderOptions{WebM: true}, 0, nothing)
	path := filepath.Join(dir, "recording.webm")
	for _, c := range []struct {
		stream, name string
		format       file.Format
	}{{"0:v", "clip.ivf", file.IVF}, {"0:a", "clip.ogg", file.Ogg}} {
		out := filepath.Join(dir, "copy"+filepath.Ext(c.name))
		silent(t, "ffmpeg", "-v", "error", "-i", path, "-map", c.stream, "-c", "copy", out)
		b, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		sameData(t, readAll(t, c.format, b), readAll(t, c.format, clip(t, c.name)))
	}
}

// A track that never came is not in the file, and a third track gets a file of its own.
func TestRecorderWebMTracks(t *testing.T) {
	r, err := file.NewRecorder(t.TempDir(), file.RecorderOptions{WebM: true})
	if err != nil {
		t.Fatal(err)
	}
	a, b := r.Track(opusTrack), r.Track(opusTrack)
	for i := range 100 {
		f := media.Frame{Data: []byte{31<<3 | 4, 0xff, 0xfe}, Time: time.Duration(i) * 20 * time.Millisecond}
		if err := a.WriteFrame(f); err != nil {
			t.Fatal(err)
		}
		if err := b.WriteFrame(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if f := r.Files(); filepath.Base(f[0].Path) != "recording.webm" || filepath.Base(f[1].Path) != "recording-2.webm" {
		t.Errorf("%+v", f)
	}
	for _, f := range r.Files() {
		streams, _ := probe(t, f.Path)
		if len(streams) != 1 || streams[0].Frames != "100" || streams[0].Channels != 2 {
			t.Errorf("ffprobe says %+v", streams)
		}
	}
}

func TestWebMRefuses(t *testing.T) {
	for _, tracks := range [][]media.TrackInfo{nil, {{Codec: media.H264}}} {
		if _, err := file.NewWebMWriter(nil, tracks...); err == nil {
			t.Errorf("took %v", tracks)
		}
	}
}

func ExampleWebMWriter() {
	f, err := os.CreateTemp("", "*.webm")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.Remove(f.Name())
	w, err := file.NewWebMWriter(f, media.TrackInfo{Codec: media.Opus})
	if err != nil {
		fmt.Println(err)
		return
	}
	silence := []byte{0xf8, 0xff, 0xfe}
	for i := range 50 {
		if err := w.Sink(0).WriteFrame(media.Frame{Data: silence, Time: time.Duration(i) * 20 * time.Millisecond}); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(w.Close())
	// Output: <nil>
}
