//go:build cgo

package device

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/file"
)

const sceneW, sceneH = 640, 360

// scene is picture n of a clip that never repeats: a checkered board that moves over a shaded wall, all of it with the
// grain of a cheap camera.
func scene(dst *image.YCbCr, n int) {
	w, h := dst.Rect.Dx(), dst.Rect.Dy()
	seed := uint32(n)*2654435761 + 1
	for y := range h {
		row := dst.Y[y*dst.YStride:][:w]
		for x := range row {
			seed ^= seed << 13
			seed ^= seed >> 17
			seed ^= seed << 5
			v := 90 + 60*x/w + 40*y/h + int(seed>>16&7) - 4
			if (x+3*n)/40%2 == (y+n)/40%2 {
				v -= 50
			}
			row[x] = byte(v)
		}
	}
	for y := range h / 2 {
		for x := range w / 2 {
			dst.Cb[y*dst.CStride+x] = byte(100 + 60*x/w)
			dst.Cr[y*dst.CStride+x] = byte(150 - 50*y/h)
		}
	}
}

// need skips where a tool is missing, unless SOTTO_REQUIRE=1.
func need(t testing.TB, tool string) {
	t.Helper()
	if _, err := exec.LookPath(tool); err == nil {
		return
	}
	if os.Getenv("SOTTO_REQUIRE") == "1" {
		t.Fatalf("SOTTO_REQUIRE=1, but there is no %s", tool)
	}
	t.Skipf("there is no %s", tool)
}

// eachCodec runs a test for the codecs that are built in.
func eachCodec(t *testing.T, f func(t *testing.T, codec media.Codec)) {
	for _, codec := range []media.Codec{media.H264, media.VP8} {
		t.Run(string(codec), func(t *testing.T) {
			e, err := newEncoder(codec, encoderConfig{width: 64, height: 64, fps: 30, bitrate: 100_000})
			if missing, ok := errors.AsType[*media.DeviceError](err); ok && missing.Fault == media.DeviceNotBuilt && codec == media.VP8 {
				t.Skip(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := e.close(); err != nil {
				t.Fatal(err)
			}
			f(t, codec)
		})
	}
}

func open(t testing.TB, codec media.Codec, cfg encoderConfig) encoder {
	t.Helper()
	e, err := newEncoder(codec, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

// A clip is what was encoded: the frames, and the pictures that they show.
type clip struct {
	frames   []media.Frame
	pictures []int
}

// record encodes pictures from first on, at a rate of fps.
func (c *clip) record(t *testing.T, e encoder, first, count, fps int, key func(n int) bool) (size int) {
	t.Helper()
	p := newPicture(sceneW, sceneH)
	for n := first; n < first+count; n++ {
		scene(p, n)
		at := time.Duration(n) * time.Second / time.Duration(fps)
		asked := key != nil && key(n)
		data, isKey, err := e.encode(p, at, asked)
		if err != nil {
			t.Fatal(err)
		}
		if asked && !isKey {
			t.Errorf("picture %d: no key frame on request, %d bytes", n, len(data))
		}
		size += len(data)
		if len(data) > 0 {
			c.frames = append(c.frames, media.Frame{Data: data, Time: at, Key: isKey})
			c.pictures = append(c.pictures, n)
		}
	}
	return size
}

// decode is what ffmpeg makes of frames that it gets as a file.
func decode(t *testing.T, codec media.Codec, path string, width, height int) (pictures []*image.YCbCr) {
	t.Helper()
	need(t, "ffmpeg")
	format := map[media.Codec]string{media.H264: "h264", media.VP8: "ivf"}[codec]
	c := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-f", format, "-i", path,
		"-vsync", "passthrough", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-")
	var complaints bytes.Buffer
	c.Stderr = &complaints
	raw, err := c.Output()
	if err != nil || complaints.Len() > 0 {
		t.Errorf("ffmpeg: %v %s", err, &complaints)
	}
	for size := width * height * 3 / 2; len(raw) >= size; raw = raw[size:] {
		p := newPicture(width, height)
		if err := planar(p, raw[:size], width); err != nil {
			t.Fatal(err)
		}
		pictures = append(pictures, p)
	}
	return pictures
}

func writer(codec media.Codec, f *os.File) media.Sink {
	if codec == media.H264 {
		return file.NewAnnexBWriter(f)
	}
	return file.NewIVFWriter(f, file.IVFOptions{Codec: codec})
}

func psnr(a, b []byte) float64 {
	sum := 0.0
	for i := range a {
		d := float64(a[i]) - float64(b[i])
		sum += d * d
	}
	return 10 * math.Log10(255*255*float64(len(a))/max(sum, 1e-9))
}

// TestEveryFrameDecodes: ffmpeg shows one picture for each frame, and it is the one that was encoded.
func TestEveryFrameDecodes(t *testing.T) {
	t.Parallel()
	eachCodec(t, func(t *testing.T, codec media.Codec) {
		var c clip
		e := open(t, codec, encoderConfig{width: sceneW, height: sceneH, fps: 30, bitrate: 2_000_000})
		c.record(t, e, 0, 90, 30, func(n int) bool { return n == 40 || n == 41 })
		path := filepath.Join(t.TempDir(), "clip")
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		w := writer(codec, f)
		keys := 0
		for _, frame := range c.frames {
			if err := w.WriteFrame(frame); err != nil {
				t.Fatal(err)
			}
			if frame.Key {
				keys++
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if keys != 3 || !c.frames[0].Key || len(c.frames) < 85 {
			t.Errorf("%d frames, %d key frames", len(c.frames), keys)
		}
		shown := decode(t, codec, path, sceneW, sceneH)
		if len(shown) != len(c.frames) {
			t.Fatalf("%d frames, %d pictures", len(c.frames), len(shown))
		}
		want := newPicture(sceneW, sceneH)
		least := math.Inf(1)
		for i, p := range shown {
			scene(want, c.pictures[i])
			least = min(least, psnr(p.Y, want.Y))
		}
		if least < 30 {
			t.Errorf("worst picture: %.1f dB", least)
		}
		t.Logf("%d frames, worst picture %.1f dB", len(shown), least)
	})
}

// TestBitrateFollows: within a second of a change the bitrate is where it was put, also for a camera that is slower than it
// promised.
func TestBitrateFollows(t *testing.T) {
	t.Parallel()
	eachCodec(t, func(t *testing.T, codec media.Codec) {
		for _, fps := range []int{30, 15} {
			e := open(t, codec, encoderConfig{width: sceneW, height: sceneH, fps: 30, bitrate: 800_000})
			n := 0
			for _, bps := range []int{800_000, 300_000, 1_200_000, 500_000} {
				if err := e.setBitrate(bps); err != nil {
					t.Fatal(err)
				}
				var c clip
				settle := fps
				if n == 0 {
					settle = 2 * fps // the first key frame, and what the camera's rate is
				}
				c.record(t, e, n, settle, fps, nil)
				size := c.record(t, e, n+settle, 3*fps, fps, nil)
				n += settle + 3*fps
				got := size * 8 / 3
				if got < bps*8/10 || got > bps*12/10 {
					t.Errorf("%d pictures a second: %d b/s, want %d", fps, got, bps)
				}
				t.Logf("%d pictures a second: %d b/s of %d, %d of %d pictures", fps, got, bps, len(c.frames), settle+3*fps)
			}
		}
	})
}

// TestEncoderOutlivesMisuse: what can only be a mistake of ours ends in an error and not in memory of others.
func TestEncoderOutlivesMisuse(t *testing.T) {
	e := open(t, media.H264, encoderConfig{width: 64, height: 64, fps: 30, bitrate: 100_000})
	if _, _, err := e.encode(newPicture(128, 64), 0, false); err == nil {
		t.Error("a picture of another size")
	}
	p := newPicture(64, 64)
	for n := range 3 {
		if data, key, err := e.encode(p, time.Duration(n)*time.Second, false); err != nil || len(data) == 0 || key != (n == 0) {
			t.Error(n, len(data), key, err)
		}
	}
	if err := errors.Join(e.close(), e.close()); err != nil {
		t.Error(err)
	}
	if _, _, err := e.encode(p, 0, false); err == nil {
		t.Error("encodes after close")
	}
}

// TestH264Layout: what the packetiser and browsers count on: parameter sets first, one slice, constrained baseline.
// TestH264OutlivesNoise: pictures that OpenH264 fails at, as it does at noise where much is allowed, cost a few of them and not
// the track. It fails if encode returns OpenH264's error.
func TestH264OutlivesNoise(t *testing.T) {
	e := open(t, media.H264, encoderConfig{width: 128, height: 128, fps: 30, bitrate: maxRate})
	p, random := newPicture(128, 128), rand.New(rand.NewPCG(1, 2))
	frames := 0
	for n := range 60 {
		for _, plane := range [][]byte{p.Y, p.Cb, p.Cr} {
			for i := range plane {
				plane[i] = byte(random.Uint32())
			}
		}
		data, key, err := e.encode(p, time.Duration(n)*time.Second/30, false)
		if err != nil {
			t.Fatalf("picture %d: %v", n, err)
		}
		if len(data) > 0 && frames == 0 && !key {
			t.Error("the first frame is no key frame")
		}
		if len(data) > 0 {
			frames++
		}
	}
	if frames < 3 { // noise is dear, and most of it is left out to keep the bitrate
		t.Errorf("%d frames of 60 pictures", frames)
	}
	if err := e.setBitrate(minRate); err != nil {
		t.Error(err)
	}
}

func TestH264Layout(t *testing.T) {
	e := open(t, media.H264, encoderConfig{width: 1280, height: 720, fps: 30, bitrate: 4_000_000})
	p := newPicture(1280, 720)
	for n := range 4 {
		scene(p, n)
		data, _, err := e.encode(p, time.Duration(n)*time.Second/30, n == 2)
		if err != nil {
			t.Fatal(err)
		}
		var kinds []byte
		for part := range bytes.SplitSeq(data, []byte{0, 0, 1}) {
			if len(part) > 1 {
				kinds = append(kinds, part[0]&0x1f)
			}
			if len(part) > 3 && part[0]&0x1f == 7 && (part[1] != 66 || part[2]&0x40 == 0) {
				t.Errorf("profile %d, constraints %x", part[1], part[2])
			}
		}
		want := "[1]"
		if n%2 == 0 && n < 3 {
			want = "[7 8 5]"
		}
		if got := fmt.Sprint(kinds); got != want {
			t.Errorf("picture %d: NAL units %s, want %s", n, got, want)
		}
	}
}

func TestIsIDR(t *testing.T) {
	for _, c := range []struct {
		data []byte
		want bool
	}{
		{nil, false}, {[]byte{0, 0, 1}, false}, {[]byte{0, 0, 0, 1, 0x67, 1, 0, 0, 1, 0x68, 2, 0, 0, 1, 0x65, 9}, true},
		{[]byte{0, 0, 0, 1, 0x41, 9}, false}, {[]byte{0, 0, 1, 0x09, 0xf0, 0, 0, 1, 0x61}, false}, {[]byte{0, 0, 1, 6}, false},
	} {
		if isIDR(c.data) != c.want {
			t.Errorf("%x", c.data)
		}
	}
}
