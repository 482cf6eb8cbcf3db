package device

import (
	"image"
	"image/color"
	"math"
	"slices"
	"testing"
	"time"
)

// TestScalingKeepsThePicture: a smooth picture, made larger or smaller, is the same picture at another size.
func TestScalingKeepsThePicture(t *testing.T) {
	value := func(x, y float64) float64 { return 128 + 60*math.Sin(3*x) + 50*math.Cos(4*y) } // of the unit square
	draw := func(w, h int) *image.YCbCr {
		p := newPicture(w, h)
		for y := range h {
			for x := range w {
				p.Y[y*p.YStride+x] = byte(value((float64(x)+0.5)/float64(w), (float64(y)+0.5)/float64(h)) + 0.5)
			}
		}
		for y := range h / 2 {
			for x := range w / 2 {
				v := byte(value((float64(x)+0.5)/float64(w/2), (float64(y)+0.5)/float64(h/2)) + 0.5)
				p.Cb[y*p.CStride+x], p.Cr[y*p.CStride+x] = v, 255-v
			}
		}
		return p
	}
	for _, c := range [][4]int{{640, 480, 320, 240}, {640, 480, 320, 240}, {320, 240, 640, 480}, {640, 480, 64, 48}, {160, 120, 176, 132}, {176, 132, 160, 120}, {64, 64, 64, 64}} {
		src, want, got := draw(c[0], c[1]), draw(c[2], c[3]), newPicture(c[2], c[3])
		newFit(c[0], c[1], c[2], c[3], false).scale(got, src)
		for _, p := range [][2][]byte{{got.Y, want.Y}, {got.Cb, want.Cb}, {got.Cr, want.Cr}} {
			worst := 0
			for i := range p[0] {
				worst = max(worst, int(math.Abs(float64(p[0][i])-float64(p[1][i]))))
			}
			if worst > 4 {
				t.Errorf("%v: off by %d", c, worst)
			}
		}
	}
}

func TestTapsAddUp(t *testing.T) {
	for from := 1; from < 70; from++ {
		for to := 1; to < 70; to++ {
			for i, tap := range taps(from, to) {
				sum := uint32(0)
				for _, w := range tap.weights {
					sum += w
				}
				if sum != 1<<16 || tap.first < 0 || tap.first+len(tap.weights) > from {
					t.Fatalf("%d to %d, pixel %d: %+v", from, to, i, tap)
				}
			}
		}
	}
}

// TestShape: a camera's picture is cut where the shape differs, and a screen's gets bars.
func TestShape(t *testing.T) {
	src := newPicture(640, 480) // a white frame of 40 pixels at top and bottom
	fill(src.Y, 200)
	for y := 60; y < 420; y++ {
		fill(src.Y[y*src.YStride:][:640], 50)
	}
	fill(src.Cb, 90)
	dst := newPicture(640, 360)
	newFit(640, 480, 640, 360, false).scale(dst, src)
	if slices.ContainsFunc(dst.Y, func(b byte) bool { return b != 50 }) {
		t.Error("not cut in the middle")
	}
	newFit(640, 480, 640, 360, true).scale(dst, src)
	for _, c := range []struct {
		x, y int
		want color.YCbCr
	}{{2, 180, color.YCbCr{Y: 16, Cb: 128, Cr: 128}}, {638, 180, color.YCbCr{Y: 16, Cb: 128, Cr: 128}}, {320, 5, color.YCbCr{Y: 200, Cb: 90}}, {320, 180, color.YCbCr{Y: 50, Cb: 90}}, {100, 180, color.YCbCr{Y: 50, Cb: 90}}} {
		if got := dst.YCbCrAt(c.x, c.y); got != c.want {
			t.Errorf("%d,%d: %v", c.x, c.y, got)
		}
	}
}

// packers write a picture as devices do, with rows of stride bytes.
var packers = map[string]func(p *image.YCbCr, stride int) []byte{
	"YU12": func(p *image.YCbCr, stride int) []byte {
		b := make([]byte, stride*p.Rect.Dy()*3/2)
		copyPlane(b, stride, p.Y, p.YStride, p.Rect.Dx(), p.Rect.Dy())
		copyPlane(b[stride*p.Rect.Dy():], stride/2, p.Cb, p.CStride, p.Rect.Dx()/2, p.Rect.Dy()/2)
		copyPlane(b[stride*p.Rect.Dy()*5/4:], stride/2, p.Cr, p.CStride, p.Rect.Dx()/2, p.Rect.Dy()/2)
		return b
	},
	"NV12": func(p *image.YCbCr, stride int) []byte { return interleaved(p, stride, p.Cb, p.Cr) },
	"NV21": func(p *image.YCbCr, stride int) []byte { return interleaved(p, stride, p.Cr, p.Cb) },
	"YUYV": func(p *image.YCbCr, stride int) []byte { return inPairs(p, stride, [4]int{0, 2, 1, 3}) },
	"UYVY": func(p *image.YCbCr, stride int) []byte { return inPairs(p, stride, [4]int{1, 3, 0, 2}) },
}

func interleaved(p *image.YCbCr, stride int, first, second []byte) []byte {
	h := p.Rect.Dy()
	b := make([]byte, stride*h*3/2)
	copyPlane(b, stride, p.Y, p.YStride, p.Rect.Dx(), h)
	for i := range p.Rect.Dx() / 2 * (h / 2) {
		y, x := i/(p.Rect.Dx()/2), i%(p.Rect.Dx()/2)
		b[(h+y)*stride+2*x], b[(h+y)*stride+2*x+1] = first[i], second[i]
	}
	return b
}

// inPairs places both lumas, Cb and Cr of two pixels.
func inPairs(p *image.YCbCr, stride int, at [4]int) []byte {
	b := make([]byte, stride*p.Rect.Dy())
	for y := range p.Rect.Dy() {
		for x := 0; x < p.Rect.Dx(); x += 2 {
			four := b[y*stride+2*x:]
			c := p.COffset(x, y)
			four[at[0]], four[at[1]], four[at[2]], four[at[3]] = p.Y[y*p.YStride+x], p.Y[y*p.YStride+x+1], p.Cb[c], p.Cr[c]
		}
	}
	return b
}

func noise(w, h int) *image.YCbCr {
	p := newPicture(w, h)
	for i := range p.Y {
		p.Y[i] = byte(i * i >> 3)
	}
	for i := range p.Cb {
		p.Cb[i], p.Cr[i] = byte(i*7), byte(i*i)
	}
	return p
}

func TestUnpack(t *testing.T) {
	for name, pack := range packers {
		for _, pad := range []int{0, 32} {
			src, dst := noise(64, 48), newPicture(64, 48)
			stride := 64 + pad
			if name == "YUYV" || name == "UYVY" {
				stride += 64
			}
			b := pack(src, stride)
			if err := unpackers[name](dst, b, stride); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if !slices.Equal(dst.Y, src.Y) || !slices.Equal(dst.Cb, src.Cb) || !slices.Equal(dst.Cr, src.Cr) {
				t.Errorf("%s, stride %d: another picture", name, stride)
			}
			if unpackers[name](dst, b[:len(b)-1], stride) == nil || unpackers[name](dst, b, 62) == nil {
				t.Errorf("%s: too little is taken", name)
			}
		}
	}
}

func TestBGRA(t *testing.T) {
	for _, c := range []struct {
		bgr  [3]byte
		want color.YCbCr // BT.601, limited range
	}{
		{[3]byte{0, 0, 0}, color.YCbCr{Y: 16, Cb: 128, Cr: 128}},
		{[3]byte{255, 255, 255}, color.YCbCr{Y: 235, Cb: 128, Cr: 128}},
		{[3]byte{0, 0, 255}, color.YCbCr{Y: 82, Cb: 90, Cr: 240}},
		{[3]byte{0, 255, 0}, color.YCbCr{Y: 144, Cb: 54, Cr: 34}},
		{[3]byte{255, 0, 0}, color.YCbCr{Y: 41, Cb: 240, Cr: 110}},
	} {
		b := make([]byte, 64*64*4)
		for i := range 64 * 64 {
			copy(b[4*i:], c.bgr[:])
		}
		dst := newPicture(64, 64)
		if err := fromBGRA(dst, b, 256); err != nil {
			t.Fatal(err)
		}
		got := dst.YCbCrAt(10, 10)
		for _, d := range []int{int(got.Y) - int(c.want.Y), int(got.Cb) - int(c.want.Cb), int(got.Cr) - int(c.want.Cr)} {
			if d < -1 || d > 1 {
				t.Errorf("%v: %v, want %v", c.bgr, got, c.want)
				break
			}
		}
	}
	if fromBGRA(newPicture(64, 64), make([]byte, 64*64*4-1), 256) == nil {
		t.Error("too little is taken")
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add("YUYV", []byte("abc"), 128)
	f.Add("NV12", make([]byte, 10000), 64)
	f.Add("YU12", make([]byte, 10000), -64)
	f.Fuzz(func(t *testing.T, name string, b []byte, stride int) {
		dst := newPicture(64, 48)
		if unpack := unpackers[name]; unpack != nil {
			_ = unpack(dst, b, stride)
		}
		_ = fromBGRA(dst, b, stride)
	})
}

// TestPicturesAllocateNothing holds for all that happens to each picture before the encoder.
func TestPicturesAllocateNothing(t *testing.T) {
	src, dst := noise(640, 480), newPicture(320, 240)
	b := packers["YUYV"](src, 1280)
	f := newFit(640, 480, 320, 240, true)
	n := newNewest(64, 64)
	allocs := testing.AllocsPerRun(10, func() {
		if err := packed(src, b, 1280, 0, 1); err != nil {
			t.Fatal(err)
		}
		f.scale(dst, src)
		n.put(n.blank())
		n.put(n.blank())
		n.give(n.take())
	})
	if allocs != 0 {
		t.Errorf("%v allocations a picture", allocs)
	}
}

func TestModes(t *testing.T) {
	webcam := []mode{
		{"YUYV", 640, 480, 30}, {"YUYV", 1280, 720, 10}, {"YUYV", 320, 240, 30}, {"MJPG", 1280, 720, 30}, {"MJPG", 640, 480, 30}, {"MJPG", 1920, 1080, 30},
	}
	for _, c := range []struct{ w, h, fps, want int }{{640, 360, 30, 0}, {1280, 720, 30, 3}, {1280, 720, 10, 1}, {320, 240, 30, 2}, {1920, 1080, 30, 5}, {64, 64, 60, 2}, {4096, 2160, 30, 5}} {
		if m, ok := best(webcam, c.w, c.h, c.fps); !ok || m != webcam[c.want] {
			t.Errorf("%dx%d at %d: %v", c.w, c.h, c.fps, m)
		}
	}
	if _, ok := best(nil, 1, 1, 1); ok {
		t.Error("a mode out of none")
	}
	for _, c := range [][5]int{{640, 2, 4096, 2, 640}, {641, 2, 4096, 2, 642}, {9999, 2, 4096, 2, 4096}, {1, 2, 4096, 2, 2}, {10, 8, 100, 16, 24}, {10, 1, 20, 0, 10}} {
		if n := stepped(c[0], c[1], c[2], c[3]); n != c[4] {
			t.Errorf("%v: %d", c, n)
		}
	}
}

func BenchmarkScale720pTo360p(b *testing.B) {
	src, dst := noise(1280, 720), newPicture(640, 360)
	f := newFit(1280, 720, 640, 360, false)
	for b.Loop() {
		f.scale(dst, src)
	}
}

func BenchmarkScreen720p(b *testing.B) {
	src, dst := make([]byte, 1280*720*4), newPicture(1280, 720)
	for b.Loop() {
		if err := fromBGRA(dst, src, 1280*4); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(time.Millisecond), "ms/picture")
}
