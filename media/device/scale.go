package device

import "image"

// A fit brings pictures of one size and shape into another.
type fit struct {
	from, to         image.Rectangle // of the source and of the result, even numbers
	padded, same     bool            // there are black bars; the size stays
	lumaX, lumaY     []tap
	chromaX, chromaY []tap
	rows             []byte // scratch: rows of the source at the result's width
}

// newFit fills the result by cutting the edges of the source off, or, with pad, shows all of it between black bars.
func newFit(srcWidth, srcHeight, dstWidth, dstHeight int, pad bool) *fit {
	src, dst := image.Rect(0, 0, srcWidth&^1, srcHeight&^1), image.Rect(0, 0, dstWidth, dstHeight)
	f := &fit{from: src, to: dst}
	if pad {
		f.to = inside(dst, src)
		f.padded = f.to != dst
	} else {
		f.from = inside(src, dst)
	}
	f.same = f.from.Size() == f.to.Size()
	if !f.same {
		f.lumaX, f.lumaY = taps(f.from.Dx(), f.to.Dx()), taps(f.from.Dy(), f.to.Dy())
		f.chromaX, f.chromaY = taps(f.from.Dx()/2, f.to.Dx()/2), taps(f.from.Dy()/2, f.to.Dy()/2)
		f.rows = make([]byte, f.from.Dy()*f.to.Dx())
	}
	return f
}

// inside is the largest part in the middle of r that has the shape of like.
func inside(r, like image.Rectangle) image.Rectangle {
	w, h := r.Dx(), r.Dy()
	if w*like.Dy() > h*like.Dx() {
		w = (h*like.Dx()/like.Dy() + 1) &^ 1
	} else {
		h = (w*like.Dy()/like.Dx() + 1) &^ 1
	}
	w, h = max(w, 2), max(h, 2)
	at := image.Pt((r.Dx()-w)/2&^1, (r.Dy()-h)/2&^1)
	return image.Rectangle{Min: at, Max: at.Add(image.Pt(w, h))}
}

// scale writes src to dst.
func (f *fit) scale(dst, src *image.YCbCr) {
	if f.padded {
		blacken(dst)
	}
	y0, y1 := src.YOffset(f.from.Min.X, f.from.Min.Y), dst.YOffset(f.to.Min.X, f.to.Min.Y)
	c0, c1 := src.COffset(f.from.Min.X, f.from.Min.Y), dst.COffset(f.to.Min.X, f.to.Min.Y)
	size := f.from.Size()
	f.plane(dst.Y[y1:], dst.YStride, src.Y[y0:], src.YStride, size, f.lumaX, f.lumaY)
	f.plane(dst.Cb[c1:], dst.CStride, src.Cb[c0:], src.CStride, size.Div(2), f.chromaX, f.chromaY)
	f.plane(dst.Cr[c1:], dst.CStride, src.Cr[c0:], src.CStride, size.Div(2), f.chromaX, f.chromaY)
}

// plane scales one plane, of which size is the source's: first its rows, and then its columns.
func (f *fit) plane(dst []byte, dstStride int, src []byte, srcStride int, size image.Point, x, y []tap) {
	if f.same {
		copyPlane(dst, dstStride, src, srcStride, size.X, size.Y)
		return
	}
	for row := range size.Y {
		scaleRow(f.rows[row*len(x):][:len(x)], src[row*srcStride:], x)
	}
	for row, t := range y {
		mixRows(dst[row*dstStride:][:len(x)], f.rows, len(x), t)
	}
}

func blacken(p *image.YCbCr) {
	fill(p.Y, 16)
	fill(p.Cb, 128)
	fill(p.Cr, 128)
}

func fill(b []byte, v byte) {
	for i := range b {
		b[i] = v
	}
}

func copyPlane(dst []byte, dstStride int, src []byte, srcStride, width, height int) {
	for y := range height {
		copy(dst[y*dstStride:][:width], src[y*srcStride:])
	}
}

// A tap says which pixels of the source make one of the result, and with what weight: they add up to one, 1<<16.
type tap struct {
	first   int
	weights []uint32
}

// taps are those of a row of from pixels made one of to: the mean of what is covered when it shrinks, and linear between
// neighbours when it grows.
func taps(from, to int) []tap {
	out := make([]tap, to)
	for i := range out {
		if to < from {
			out[i] = covered(i*from, (i+1)*from, to)
			continue
		}
		// The middle of pixel i is at (i+½)·from/to − ½ of the source.
		at := ((2*i+1)*from - to) * (1 << 15) / to
		at = min(max(at, 0), (from-1)<<16)
		first := min(at>>16, max(from-2, 0))
		second := uint32(at - first<<16)
		out[i] = tap{first: first, weights: []uint32{1<<16 - second, second}[:min(from, 2)]}
	}
	return out
}

// covered weighs the pixels between two places, which are in units of 1/to of a pixel.
func covered(begin, end, to int) tap {
	t := tap{first: begin / to}
	left := uint32(1 << 16)
	for at := begin; at < end; {
		next := min((at/to+1)*to, end)
		w := min(uint32((next-at)<<16/(end-begin)), left)
		left -= w
		t.weights = append(t.weights, w)
		at = next
	}
	t.weights[0] += left // what rounding left over
	return t
}

func scaleRow(dst, src []byte, row []tap) {
	for i := range dst {
		t := &row[i]
		sum := uint32(1 << 15)
		part := src[t.first:][:len(t.weights)]
		for k, w := range t.weights {
			sum += w * uint32(part[k])
		}
		dst[i] = byte(sum >> 16)
	}
}

func mixRows(dst, rows []byte, stride int, t tap) {
	if len(t.weights) == 2 {
		a, b := rows[t.first*stride:][:len(dst)], rows[(t.first+1)*stride:][:len(dst)]
		for i := range dst {
			dst[i] = byte((t.weights[0]*uint32(a[i]) + t.weights[1]*uint32(b[i]) + 1<<15) >> 16)
		}
		return
	}
	for i := range dst {
		sum := uint32(1 << 15)
		for k, w := range t.weights {
			sum += w * uint32(rows[(t.first+k)*stride+i])
		}
		dst[i] = byte(sum >> 16)
	}
}
