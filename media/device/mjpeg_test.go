//go:build cgo

package device

import (
	"bytes"
	"image/jpeg"
	"testing"
)

func TestMJPEG(t *testing.T) {
	src, dst := newPicture(64, 48), newPicture(64, 48)
	fill(src.Y, 255)
	fill(src.Y[:32*64], 0)
	fill(src.Cb, 0)
	fill(src.Cr, 255)
	var b bytes.Buffer
	if err := jpeg.Encode(&b, src, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	if err := mjpeg(dst, b.Bytes()); err != nil {
		t.Fatal(err)
	}
	// A JPEG goes from 0 to 255, video from 16 to 235 and 240.
	for _, c := range []struct{ got, want byte }{{dst.Y[0], 16}, {dst.Y[40*64], 235}, {dst.Cb[50], 16}, {dst.Cr[50], 239}} {
		if c.got < c.want-2 || c.got > c.want+2 {
			t.Errorf("%d, want %d", c.got, c.want)
		}
	}
	bare := withoutTables(b.Bytes())
	if len(bare) >= b.Len() {
		t.Fatal("nothing was cut")
	}
	if err := mjpeg(dst, bare); err != nil {
		t.Errorf("without Huffman tables, as cameras leave them out: %v", err)
	}
	if mjpeg(newPicture(128, 48), b.Bytes()) == nil {
		t.Error("a picture that is too small is taken")
	}
}

// withoutTables cuts the segments DHT out.
func withoutTables(b []byte) (out []byte) {
	out = append(out, b[:2]...)
	for b = b[2:]; len(b) > 4 && b[1] != 0xda; {
		n := 2 + (int(b[2])<<8 | int(b[3]))
		if b[1] != 0xc4 {
			out = append(out, b[:n]...)
		}
		b = b[n:]
	}
	return append(out, b...)
}

func FuzzMJPEG(f *testing.F) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, newPicture(64, 48), nil); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add(withoutTables(b.Bytes()))
	f.Add([]byte{0xff, 0xd8})
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < 1<<16 {
			_ = mjpeg(newPicture(64, 48), b)
		}
	})
}
