package vp8

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// decode lets ffmpeg decode frames, without a complaint, into raw pictures one after the other.
func decode(t *testing.T, width, height int, frames [][]byte) []byte {
	t.Helper()
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		if os.Getenv("SOTTO_REQUIRE") == "1" {
			t.Fatal("SOTTO_REQUIRE=1, but ffmpeg is not installed")
		}
		t.Skip("needs ffmpeg, which is not installed")
	}
	ivf := append([]byte("DKIF\x00\x00\x20\x00VP80"), 0, 0, 0, 0)
	binary.LittleEndian.PutUint16(ivf[12:], uint16(width))
	binary.LittleEndian.PutUint16(ivf[14:], uint16(height))
	ivf = append(ivf, 30, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	for i, f := range frames {
		ivf = binary.LittleEndian.AppendUint32(ivf, uint32(len(f)))
		ivf = binary.LittleEndian.AppendUint64(ivf, uint64(i))
		ivf = append(ivf, f...)
	}
	path := filepath.Join(t.TempDir(), "x.ivf")
	if err := os.WriteFile(path, ivf, 0o600); err != nil {
		t.Fatal(err)
	}
	var out, complaints bytes.Buffer
	cmd := exec.Command(ffmpeg, "-v", "error", "-i", path, "-f", "rawvideo", "-pix_fmt", "yuv420p", "-vsync", "passthrough", "-")
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Run(); err != nil || complaints.Len() > 0 {
		t.Fatalf("ffmpeg: %v\n%s", err, complaints.String())
	}
	return out.Bytes()
}

// raw is what of a picture is shown.
func raw(p *Picture) (b []byte) {
	for i, plane := range []*Plane{&p.Y, &p.U, &p.V} {
		w, h := p.Width, p.Height
		if i > 0 {
			w, h = (w+1)/2, (h+1)/2
		}
		for y := range h {
			b = append(b, plane.Pix[y*plane.Stride:][:w]...)
		}
	}
	return b
}

// psnr compares two pictures, in decibels.
func psnr(a, b []byte) float64 {
	sum := 0.0
	for i := range a {
		d := float64(a[i]) - float64(b[i])
		sum += d * d
	}
	return 10 * math.Log10(255*255*float64(len(a))/max(sum, 1e-9))
}

// draw makes the pictures of a test: waves that grow, and noise in a corner.
func draw(p *Picture, r *rand.Rand, n int) {
	for i, plane := range []*Plane{&p.Y, &p.U, &p.V} {
		for y := range plane.Height {
			for x := range plane.Width {
				v := 128 + 100*math.Sin(float64(x*(i+1)+3*n)/23)*math.Cos(float64(y-n)/17)
				if x < 40 && y < 40 {
					v = float64(r.IntN(256))
				}
				plane.Pix[y*plane.Stride+x] = byte(v)
			}
		}
	}
}

// A decoder shows exactly what the encoder thinks it shows, for any picture, size and quantiser: so every part of the
// format is right. And it comes near what was meant.
func TestDecodersAgree(t *testing.T) {
	for _, c := range []struct {
		width, height, index int
		least                float64 // decibels
	}{{640, 360, 10, 38}, {64, 64, 0, 38}, {161, 97, 127, 14}, {1, 1, 20, 20}, {17, 160, 60, 22}} {
		r := rand.New(rand.NewPCG(1, 2))
		e, err := NewEncoder(c.width, c.height, c.index)
		if err != nil {
			t.Fatal(err)
		}
		var frames, shown, meant [][]byte
		p := NewPicture(c.width, c.height)
		for n := range 12 {
			if n%4 != 3 { // one in four repeats the last
				draw(p, r, n)
			}
			frames = append(frames, e.Encode(p, n == 8))
			shown, meant = append(shown, raw(e.recon)), append(meant, raw(p))
			if key := frames[n][0]&1 == 0; key != (n == 0 || n == 8) {
				t.Errorf("frame %d: key %v", n, key)
			}
		}
		got := decode(t, c.width, c.height, frames)
		size := len(shown[0])
		if len(got) != size*len(frames) {
			t.Fatalf("%dx%d: %d bytes decoded, want %d", c.width, c.height, len(got), size*len(frames))
		}
		for n := range frames {
			picture := got[n*size:][:size]
			if !bytes.Equal(picture, shown[n]) {
				t.Fatalf("%dx%d: frame %d is shown otherwise: %.1f dB", c.width, c.height, n, psnr(picture, shown[n]))
			}
			if q := psnr(picture, meant[n]); q < c.least {
				t.Errorf("%dx%d: frame %d: %.1f dB, want %v", c.width, c.height, n, q, c.least)
			}
		}
	}
}

func TestTransformsInvert(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 1000 {
		var in block
		for i := range in {
			in[i] = r.IntN(511) - 255
		}
		for name, f := range map[string][2]func(*block){"DCT": {forwardDCT, inverseDCT}, "WHT": {forwardWHT, inverseWHT}} {
			b := in
			f[0](&b)
			f[1](&b)
			for i := range b {
				if d := b[i] - in[i]; d < -2 || d > 2 {
					t.Fatalf("%s: %v became %v", name, in, b)
				}
			}
		}
	}
}

// A picture that has not changed costs almost nothing.
func TestSkip(t *testing.T) {
	e, err := NewEncoder(640, 360, 20)
	if err != nil {
		t.Fatal(err)
	}
	p := NewPicture(640, 360)
	draw(p, rand.New(rand.NewPCG(1, 2)), 0)
	e.Encode(p, false)
	if n := len(e.Encode(p, false)); n > 200 {
		t.Errorf("%d bytes for nothing new", n)
	}
}

func TestRefusesSizes(t *testing.T) {
	for _, c := range [][3]int{{0, 1, 1}, {1, 0, 1}, {4097, 1, 1}, {1, 1, -1}, {1, 1, 128}} {
		if _, err := NewEncoder(c[0], c[1], c[2]); err == nil {
			t.Errorf("took %v", c)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	e, err := NewEncoder(640, 360, 20)
	if err != nil {
		b.Fatal(err)
	}
	pictures := []*Picture{NewPicture(640, 360), NewPicture(640, 360)}
	for i, p := range pictures {
		draw(p, rand.New(rand.NewPCG(1, 2)), i)
	}
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		e.Encode(pictures[n%2], false)
	}
}
