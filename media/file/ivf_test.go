package file_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/file"
)

// checkPackets compares what we read with what ffprobe reads: every packet's bytes.
func checkPackets(t *testing.T, path string, format file.Format) []media.Frame {
	t.Helper()
	var v struct {
		Packets []struct {
			Hash string `json:"data_hash"`
		}
	}
	out := silent(t, "ffprobe", "-v", "error", "-show_packets", "-show_data_hash", "sha256", "-of", "json", path)
	if err := json.Unmarshal(out, &v); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	got := readAll(t, format, b)
	if len(got) != len(v.Packets) || len(got) == 0 {
		t.Fatalf("%s: %d frames, ffprobe has %d", path, len(got), len(v.Packets))
	}
	for i, f := range got {
		sum := sha256.Sum256(f.Data)
		if want := strings.TrimPrefix(strings.ToLower(v.Packets[i].Hash), "sha256:"); hex.EncodeToString(sum[:]) != want {
			t.Fatalf("%s: frame %d: %x, ffprobe has %s", path, i, sum, want)
		}
	}
	return got
}

// A file of ffmpeg's, copied frame by frame, comes out the same to the last byte.
func TestIVFCopyIsTheSameFile(t *testing.T) {
	in := clip(t, "clip.ivf")
	r, err := file.NewIVFReader(bytes.NewReader(in))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "copy.ivf")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := file.NewIVFWriter(f, file.IVFOptions{Timebase: r.Timebase()})
	keys := 0
	for {
		frame, err := r.ReadFrame()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if frame.Key {
			keys++
		}
		if err := w.WriteFrame(frame); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), w.Close()); err != nil {
		t.Fatal(err)
	}
	out, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(in, out) {
		t.Errorf("the copy differs: %d bytes, %d before\n% x\n% x", len(out), len(in), out[:44], in[:44])
	}
	if keys != 4 {
		t.Errorf("%d key frames, want 4", keys)
	}
	if info := r.Track(); info.Width != 640 || info.Height != 360 || info.Codec != media.VP8 || info.ClockRate != 90000 {
		t.Errorf("track is %+v", info)
	}
}

// With the times that come out of RTP, at 90 kHz, ffprobe sees every frame, the rate and the length.
func TestIVFOnTheRTPClock(t *testing.T) {
	source := readAll(t, file.IVF, clip(t, "clip.ivf"))
	path := filepath.Join(t.TempDir(), "out.ivf")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := file.NewIVFWriter(f, file.IVFOptions{})
	for _, frame := range source {
		if err := w.WriteFrame(frame); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	sameData(t, checkPackets(t, path, file.IVF), source)
	streams, duration := probe(t, path)
	if s := streams[0]; s.Frames != "240" || s.Packets != "240" || s.Width != 640 || s.Height != 360 || duration != 8 {
		t.Errorf("ffprobe says %+v, %v s", s, duration)
	}
}

func TestIVFTimestampsNeverMeet(t *testing.T) {
	var buf bytes.Buffer
	w := file.NewIVFWriter(&buf, file.IVFOptions{Width: 2, Height: 2})
	for _, at := range []time.Duration{time.Second, time.Second, 0, 3 * time.Second} {
		if err := w.WriteFrame(media.Frame{Data: []byte{1}, Time: at}); err != nil {
			t.Fatal(err)
		}
	}
	var got []uint64
	for b := buf.Bytes()[32:]; len(b) > 0; b = b[13:] {
		got = append(got, binary.LittleEndian.Uint64(b[4:]))
	}
	want := []uint64{90000, 90001, 90002, 270000}
	for i := range want {
		if i >= len(got) || got[i] != want[i] {
			t.Fatalf("timestamps %v, want %v", got, want)
		}
	}
}

func TestIVFErrorsNameTheFault(t *testing.T) {
	good := clip(t, "clip.ivf")
	with := func(at int, v ...byte) []byte {
		b := bytes.Clone(good[:2000])
		copy(b[at:], v)
		return b
	}
	for want, data := range map[string][]byte{
		"shorter than an IVF header":       nil,
		"does not begin with DKIF":         with(0, 'R', 'I', 'F', 'F'),
		"unknown version":                  with(4, 1),
		`its codec is "HEVC", not VP80`:    with(8, []byte("HEVC")...),
		"time base is zero":                with(16, 0, 0, 0, 0),
		"shorter than its header says":     with(6, 0xff, 0xff),
		"a frame of 4294967295 bytes":      with(32, 0xff, 0xff, 0xff, 0xff),
		"timestamps out of order":          with(36, 0, 0, 0, 0, 0, 0, 0, 0xff),
		"byte 32: cut short in a frame":    good[:500],
		"byte 32: cut short in a frame's ": good[:40],
	} {
		r, err := file.NewIVFReader(bytes.NewReader(data))
		if err == nil {
			_, err = r.ReadFrame()
		}
		if !errors.Is(err, file.ErrFormat) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// A reader's error that has nothing to do with the format comes through as it is.
func TestReaderErrorsComeThrough(t *testing.T) {
	broken := errors.New("broken disk")
	in := io.MultiReader(bytes.NewReader(clip(t, "clip.ivf")[:100]), errReader{broken})
	r, err := file.NewIVFReader(in)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.ReadFrame(); !errors.Is(err, broken) || errors.Is(err, file.ErrFormat) {
		t.Errorf("got %v", err)
	}
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }
