package clip_test

import (
	"io"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/examples/internal/clip"
	"github.com/sotto-calls/sotto/media/file"
)

func TestClipIsWhatItSays(t *testing.T) {
	for _, c := range []struct {
		name   string
		in     io.Reader
		format file.Format
		frames int
	}{
		{"video", clip.Video(), file.IVF, clip.VideoFrames},
		{"audio", clip.Audio(), file.Ogg, clip.AudioPackets},
	} {
		r, err := c.format(c.in)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		n := 0
		var last time.Duration
		for {
			f, err := r.ReadFrame()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("%s: frame %d: %v", c.name, n, err)
			}
			if n == 0 && !f.Key {
				t.Errorf("%s: does not begin with a key frame", c.name)
			}
			n, last = n+1, f.Time
		}
		if n != c.frames {
			t.Errorf("%s: %d frames, want %d", c.name, n, c.frames)
		}
		if last < 7900*time.Millisecond || last >= 8*time.Second {
			t.Errorf("%s: the last frame is at %v, want shortly before 8s", c.name, last)
		}
	}
}
