package device

import (
	"errors"
	"image"
)

var errShort = errors.New("the device sent less than a picture")

// An unpacker writes the bytes of one picture, with stride bytes a row of its first plane, to dst.
type unpacker func(dst *image.YCbCr, b []byte, stride int) error

// unpackers are the layouts of pictures that are understood, by their V4L2 names (linux/videodev2.h), without MJPG.
var unpackers = map[string]unpacker{
	"YU12": planar,
	"NV12": func(dst *image.YCbCr, b []byte, stride int) error { return semiPlanar(dst, b, stride, dst.Cb, dst.Cr) },
	"NV21": func(dst *image.YCbCr, b []byte, stride int) error { return semiPlanar(dst, b, stride, dst.Cr, dst.Cb) },
	"YUYV": func(dst *image.YCbCr, b []byte, stride int) error { return packed(dst, b, stride, 0, 1) },
	"UYVY": func(dst *image.YCbCr, b []byte, stride int) error { return packed(dst, b, stride, 1, 0) },
}

// planar is Y, Cb, Cr, each a plane.
func planar(dst *image.YCbCr, b []byte, stride int) error {
	w, h := dst.Rect.Dx(), dst.Rect.Dy()
	if stride < w || stride%2 != 0 || len(b) < stride*h*3/2 {
		return errShort
	}
	copyPlane(dst.Y, dst.YStride, b, stride, w, h)
	copyPlane(dst.Cb, dst.CStride, b[stride*h:], stride/2, w/2, h/2)
	copyPlane(dst.Cr, dst.CStride, b[stride*h*5/4:], stride/2, w/2, h/2)
	return nil
}

// semiPlanar is Y, and a plane with two chroma bytes beside each other.
func semiPlanar(dst *image.YCbCr, b []byte, stride int, first, second []byte) error {
	w, h := dst.Rect.Dx(), dst.Rect.Dy()
	if stride < w || len(b) < stride*h*3/2 {
		return errShort
	}
	copyPlane(dst.Y, dst.YStride, b, stride, w, h)
	for y := range h / 2 {
		row := b[stride*(h+y):][:w]
		at := y * dst.CStride
		f, s := first[at:][:w/2], second[at:][:w/2]
		for x := range f {
			f[x], s[x] = row[2*x], row[2*x+1]
		}
	}
	return nil
}

// packed is two pixels in four bytes, chroma of each row. Two rows share the mean of theirs.
func packed(dst *image.YCbCr, b []byte, stride, luma, chroma int) error {
	w, h := dst.Rect.Dx(), dst.Rect.Dy()
	if stride < 2*w || len(b) < stride*h {
		return errShort
	}
	for y := 0; y < h; y += 2 {
		top, bottom := b[y*stride:][:2*w], b[(y+1)*stride:][:2*w]
		y0, y1 := dst.Y[y*dst.YStride:][:w], dst.Y[(y+1)*dst.YStride:][:w]
		cb, cr := dst.Cb[y/2*dst.CStride:][:w/2], dst.Cr[y/2*dst.CStride:][:w/2]
		for x := range cb {
			t, u := top[4*x:][:4], bottom[4*x:][:4]
			y0[2*x], y0[2*x+1] = t[luma], t[luma+2]
			y1[2*x], y1[2*x+1] = u[luma], u[luma+2]
			cb[x] = byte((int(t[chroma]) + int(u[chroma]) + 1) / 2)
			cr[x] = byte((int(t[chroma+2]) + int(u[chroma+2]) + 1) / 2)
		}
	}
	return nil
}

// fromBGRA converts pixels of four bytes, blue first, as screens have them (BT.601, limited range).
func fromBGRA(dst *image.YCbCr, b []byte, stride int) error {
	w, h := dst.Rect.Dx(), dst.Rect.Dy()
	if stride < 4*w || len(b) < stride*h {
		return errShort
	}
	for y := 0; y < h; y += 2 {
		top, bottom := b[y*stride:][:4*w], b[(y+1)*stride:][:4*w]
		y0, y1 := dst.Y[y*dst.YStride:][:w], dst.Y[(y+1)*dst.YStride:][:w]
		cb, cr := dst.Cb[y/2*dst.CStride:][:w/2], dst.Cr[y/2*dst.CStride:][:w/2]
		for x := range cb {
			t, u := top[8*x:][:8], bottom[8*x:][:8]
			y0[2*x], y0[2*x+1] = luma(t), luma(t[4:])
			y1[2*x], y1[2*x+1] = luma(u), luma(u[4:])
			blue := int32(t[0]) + int32(t[4]) + int32(u[0]) + int32(u[4])
			green := int32(t[1]) + int32(t[5]) + int32(u[1]) + int32(u[5])
			red := int32(t[2]) + int32(t[6]) + int32(u[2]) + int32(u[6])
			cb[x] = byte((112*blue - 74*green - 38*red + 128*1024 + 512) >> 10)
			cr[x] = byte((112*red - 94*green - 18*blue + 128*1024 + 512) >> 10)
		}
	}
	return nil
}

func luma(p []byte) byte {
	return byte((25*int32(p[0]) + 129*int32(p[1]) + 66*int32(p[2]) + 16*256 + 128) >> 8)
}

// fromJPEG brings a JPEG's picture to 4:2:0 and from the full range, which JPEG has, to the one that video has.
func fromJPEG(dst, src *image.YCbCr) error {
	w, h := dst.Rect.Dx(), dst.Rect.Dy()
	if src.Rect.Dx() < w || src.Rect.Dy() < h {
		return errShort
	}
	at := src.Rect.Min
	for y := range h {
		from, to := src.Y[src.YOffset(at.X, at.Y+y):], dst.Y[y*dst.YStride:][:w]
		for x := range to {
			to[x] = byte((int32(from[x])*219 + 16*255 + 127) / 255)
		}
	}
	for y := 0; y < h; y += 2 {
		cb, cr := dst.Cb[y/2*dst.CStride:][:w/2], dst.Cr[y/2*dst.CStride:][:w/2]
		for x := range cb {
			a, b := src.COffset(at.X+2*x, at.Y+y), src.COffset(at.X+2*x, at.Y+y+1)
			cb[x], cr[x] = limited(src.Cb[a], src.Cb[b]), limited(src.Cr[a], src.Cr[b])
		}
	}
	return nil
}

// limited is the mean of two chroma samples, at the range of video.
func limited(a, b byte) byte {
	return byte((int32(a)+int32(b)-256)*112/255 + 128)
}
