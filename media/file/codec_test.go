package file_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/internal/sim"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/file"
)

// An encoding is how ffmpeg makes a clip in one codec: 75 pictures at 25 a second, 320x240, a key frame every 25.
type encoding struct {
	codec  media.Codec
	name   string
	format file.Format
	args   []string
}

var encodings = []encoding{
	{media.H264, "clip.h264", file.AnnexB(file.Rational{Num: 25, Den: 1}), []string{
		"-c:v", "libx264", "-profile:v", "baseline", "-g", "25", "-x264-params", "log-level=error:slices=3:repeat-headers=1", "-f", "h264"}},
	{media.VP9, "clip.ivf", file.IVF, []string{"-c:v", "libvpx-vp9", "-g", "25", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "1M"}},
	{media.VP9, "hidden.ivf", file.IVF, []string{ // superframes with hidden alternative references
		"-c:v", "libvpx-vp9", "-g", "25", "-deadline", "good", "-cpu-used", "5", "-auto-alt-ref", "1", "-lag-in-frames", "16", "-b:v", "500k"}},
	{media.AV1, "clip.ivf", file.IVF, []string{"-c:v", "libaom-av1", "-g", "25", "-usage", "realtime", "-cpu-used", "8", "-lag-in-frames", "0", "-b:v", "1M"}},
	{media.AV1, "svt.ivf", file.IVF, []string{"-c:v", "libsvtav1", "-g", "25", "-preset", "12"}},
}

// made are the clips that ffmpeg has made before.
var made = map[string][]byte{}

// make runs ffmpeg.
func (e encoding) make(t *testing.T) []byte {
	t.Helper()
	if b := made[strings.Join(e.args, " ")]; b != nil {
		return b
	}
	t.Setenv("SVT_LOG", "0")
	path := filepath.Join(t.TempDir(), e.name)
	args := []string{"-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=s=320x240:r=25:d=3", "-pix_fmt", "yuv420p"}
	silent(t, "ffmpeg", append(append(args, e.args...), path)...)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	made[strings.Join(e.args, " ")] = b
	return b
}

// TestRealClipsInEveryCodec: what an encoder of the world made goes through a call and a recorder, every frame byte for
// byte, key frames known, and ffprobe decodes the recording to as many pictures.
func TestRealClipsInEveryCodec(t *testing.T) {
	for _, e := range encodings {
		t.Run(string(e.codec)+" "+e.name, func(t *testing.T) {
			in := e.make(t)
			source := readAll(t, e.format, in)
			for _, loss := range []float64{0, 0.03} {
				got, recorded := e.carry(t, in, loss)
				sameData(t, got, source)
				for i, f := range got {
					if f.Key != source[i].Key || f.Key != (i%25 == 0) {
						t.Errorf("frame %d: key %v, the file says %v", i, f.Key, source[i].Key)
					}
				}
				b, err := os.ReadFile(recorded.Path)
				if err != nil {
					t.Fatal(err)
				}
				sameData(t, readAll(t, e.format, b), source)
				streams, _ := probe(t, recorded.Path)
				if s := streams[0]; s.Frames != "75" || s.Width != 320 || s.Height != 240 || s.Codec != strings.ToLower(string(e.codec)) {
					t.Errorf("ffprobe says %+v", s)
				}
				if e.codec == media.H264 && !bytes.Equal(b, in) {
					t.Error("the byte stream differs")
				}
			}
		})
	}
}

// A tee keeps what it hands on.
type tee struct {
	media.Sink
	frames *[]media.Frame
}

func (t tee) WriteFrame(f media.Frame) error {
	*t.frames = append(*t.frames, f)
	return t.Sink.WriteFrame(f)
}

// carry sends a clip through a call and records it at the other end.
func (e encoding) carry(t *testing.T, in []byte, loss float64) (got []media.Frame, recorded file.RecordedFile) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := sim.NewWorld(t, sim.Link{OneWay: 30 * time.Millisecond, Seed: 4})
		defer w.Close()
		r, err := file.NewRecorder(dir, file.RecorderOptions{WebM: true}) // which these codecs pass by
		if err != nil {
			t.Fatal(err)
		}
		a := newEnd(t, w, "1.2.3.4", false, func(media.TrackInfo) media.Sink { return nil })
		b := newEnd(t, w, "5.6.7.8", true, func(info media.TrackInfo) media.Sink { return tee{r.Track(info), &got} })
		defer closeEnds(t, a, b)
		s, err := file.NewSource(bytes.NewReader(in), e.format, file.SourceOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if s.Track().Codec != e.codec {
			t.Fatalf("the file is %s", s.Track().Codec)
		}
		connect(t, a, b, []media.Source{s})
		w.SetLoss(loss)
		time.Sleep(2 * time.Second)
		w.SetLoss(0) // the last packet has nobody to miss it
		time.Sleep(3 * time.Second)
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		recorded = r.Files()[0]
	})
	return got, recorded
}

// What an IVF file holds is known by its FourCC, and its size by its first frame.
func TestIVFOfEveryCodec(t *testing.T) {
	for _, e := range encodings[1:] {
		in := e.make(t)
		var out bytes.Buffer
		w := file.NewIVFWriter(&out, file.IVFOptions{Codec: e.codec})
		for _, f := range readAll(t, file.IVF, in) {
			if e.codec == media.AV1 {
				f.Data = f.Data[2:] // as a call's encoder makes it: without its delimiter, which comes back
			}
			if err := w.WriteFrame(f); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(out.Bytes()[8:16], in[8:16]) {
			t.Errorf("%s: the header says % x, ffmpeg's % x", e.name, out.Bytes()[8:16], in[8:16])
		}
		sameData(t, readAll(t, file.IVF, out.Bytes()), readAll(t, file.IVF, in))
		if s, _ := probe(t, save(t, "out.ivf", out.Bytes())); s[0].Frames != "75" {
			t.Errorf("%s: %+v", e.name, s[0])
		}
	}
	w := file.NewIVFWriter(&bytes.Buffer{}, file.IVFOptions{Codec: media.H264})
	if err := w.WriteFrame(media.Frame{Data: []byte{1}}); err == nil {
		t.Error("H264 in IVF")
	}
}

// FuzzPicture: whatever a peer sends, it is recorded or passed over.
func FuzzPicture(f *testing.F) {
	f.Add([]byte("\x82\x49\x83\x42\x00\x13\xf0\x0e\xf0"))
	f.Add([]byte("\x12\x00\x0a\x0b\x00\x00\x00\x04\x3c\xff\xbc\xff\x24\x16\x40\x32\x01\x10"))
	f.Add([]byte("\x00\x00\x00\x01\x65\x88"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, codec := range []media.Codec{media.VP8, media.VP9, media.H264, media.AV1} {
			r, err := file.NewRecorder("", file.RecorderOptions{Create: func(string) (io.WriteCloser, error) { return &counter{}, nil }})
			if err != nil {
				t.Fatal(err)
			}
			sink := r.Track(media.TrackInfo{Kind: media.Video, Codec: codec})
			_ = sink.WriteFrame(media.Frame{Data: b})
			_ = r.Close()
		}
	})
}
