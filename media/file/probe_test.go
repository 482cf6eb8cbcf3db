package file_test

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/file"
)

// tool returns the path of a program that the test cannot do without.
func tool(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("SOTTO_REQUIRE") == "1" {
			t.Fatalf("SOTTO_REQUIRE=1, but %s is not installed", name)
		}
		t.Skipf("needs %s, which is not installed", name)
	}
	return path
}

// silent runs a program that must print nothing to its standard error and returns what it printed otherwise.
func silent(t testing.TB, name string, args ...string) []byte {
	t.Helper()
	var out, complaints bytes.Buffer
	cmd := exec.Command(tool(t, name), args...)
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Run(); err != nil || complaints.Len() > 0 {
		t.Fatalf("%s %v: %v\n%s", name, args, err, complaints.String())
	}
	return out.Bytes()
}

// probed is what ffprobe says of one stream.
type probed struct {
	Codec    string `json:"codec_name"`
	Packets  string `json:"nb_read_packets"`
	Frames   string `json:"nb_read_frames"`
	Width    int    `json:"width"`
	Height   int    `json:"height"`
	Channels int    `json:"channels"`
	Start    string `json:"start_time"`
	Duration string `json:"duration"`
}

func (p probed) duration() float64 { return seconds(p.Duration) }
func (p probed) start() float64    { return seconds(p.Start) }

func seconds(s string) float64 {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return -1
	}
	return v
}

// probe decodes the whole file; ffprobe must not complain.
func probe(t testing.TB, path string) (streams []probed, duration float64) {
	t.Helper()
	out := silent(t, "ffprobe", "-v", "error", "-count_frames", "-count_packets", "-show_streams", "-show_format", "-of", "json", path)
	var v struct {
		Streams []probed
		Format  struct{ Duration string }
	}
	if err := json.Unmarshal(out, &v); err != nil {
		t.Fatal(err)
	}
	return v.Streams, seconds(v.Format.Duration)
}

// clip reads a file of the examples' clip: "clip.ivf" or "clip.ogg".
func clip(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "examples", "internal", "clip", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// readAll reads all frames of a file.
func readAll(t testing.TB, format file.Format, b []byte) []media.Frame {
	t.Helper()
	r, err := format(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	var frames []media.Frame
	for {
		f, err := r.ReadFrame()
		if err == io.EOF {
			return frames
		}
		if err != nil {
			t.Fatalf("frame %d: %v", len(frames), err)
		}
		frames = append(frames, f)
	}
}

// sameData checks that two runs of frames hold the same bytes, in order, none extra.
func sameData(t testing.TB, got, want []media.Frame) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d frames, want %d", len(got), len(want))
	}
	for i := range got {
		if !bytes.Equal(got[i].Data, want[i].Data) {
			t.Fatalf("frame %d differs", i)
		}
	}
}

// save writes a file to be probed.
func save(t testing.TB, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
