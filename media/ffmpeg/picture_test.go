package ffmpeg

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/media/file"
)

// redLime is a picture whose left half is red and whose right half is lime.
const redLime = "color=red:size=160x240:rate=30[l];color=lime:size=160x240:rate=30[r];[l][r]hstack[out0]"

// A colour is Y, Cb and Cr, as BT.601 has them for video.
type colour [3]int

var red, lime = colour{81, 90, 240}, colour{145, 54, 34}

// A picture420 is a decoded picture: its Y, then its Cb and Cr of half the width and height.
type picture420 struct {
	width, height int
	planes        []byte
}

func (p picture420) at(x, y int) colour {
	size := p.width * p.height
	chroma := size + y/2*(p.width/2) + x/2
	return colour{int(p.planes[y*p.width+x]), int(p.planes[chroma]), int(p.planes[chroma+size/4])}
}

// split takes raw video apart. A picture that is not whole is left out.
func split(t *testing.T, raw []byte, width, height int) (out []picture420) {
	t.Helper()
	size := width * height * 3 / 2
	for ; len(raw) >= size; raw = raw[size:] {
		out = append(out, picture420{width, height, raw[:size]})
	}
	if len(out) == 0 {
		t.Fatalf("no picture of %dx%d in %d bytes", width, height, len(raw))
	}
	return out
}

// decode decodes frames of VP8, one picture each.
func decode(t *testing.T, frames []arrival, width, height int) []picture420 {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.ivf")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := file.NewIVFWriter(f, file.IVFOptions{Timebase: file.Rational{Num: 1, Den: 25}})
	for i, f := range frames {
		f.Time = time.Duration(i) * time.Second / 25
		if err := w.WriteFrame(f.Frame); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	raw := runProgram(t, "ffmpeg", "-nostdin", "-loglevel", "error", "-i", "file:"+path, "-f", "rawvideo", "-pix_fmt", "yuv420p", "-")
	out := split(t, []byte(raw), width, height)
	if len(out) != len(frames) {
		t.Errorf("%d pictures of %d", len(out), len(frames))
	}
	return out
}

// wantColour checks the colour at a place, but for what a codec does to it.
func wantColour(t *testing.T, p picture420, x, y int, want colour) {
	t.Helper()
	got := p.at(x, y)
	for i := range got {
		if d := got[i] - want[i]; d < -12 || d > 12 {
			t.Errorf("at %d,%d %v, want %v", x, y, got, want)
			return
		}
	}
}
