package vp8

// A Plane is one component of a picture.
type Plane struct {
	Pix    []byte
	Stride int
	Width  int // in samples, a multiple of 16 for luma and of 8 for chroma
	Height int
}

func newPlane(w, h int) Plane {
	return Plane{Pix: make([]byte, w*h), Stride: w, Width: w, Height: h}
}

// A Picture is an image in YUV 4:2:0. Its planes are as large as whole macroblocks; what lies beyond Width and Height is
// encoded and not shown.
type Picture struct {
	Width, Height int
	Y, U, V       Plane
}

// NewPicture returns a picture whose samples are all zero.
func NewPicture(width, height int) *Picture {
	cols, rows := (width+15)/16, (height+15)/16
	return &Picture{
		Width: width, Height: height,
		Y: newPlane(16*cols, 16*rows), U: newPlane(8*cols, 8*rows), V: newPlane(8*cols, 8*rows),
	}
}

// Copy makes p the same as q, which has the same size.
func (p *Picture) Copy(q *Picture) {
	copy(p.Y.Pix, q.Y.Pix)
	copy(p.U.Pix, q.U.Pix)
	copy(p.V.Pix, q.V.Pix)
}

// equalBlock reports whether p and q have the same samples in the square of n at x, y.
func (p *Plane) equalBlock(q *Plane, x, y, n int) bool {
	for i := range n {
		at := (y+i)*p.Stride + x
		if string(p.Pix[at:at+n]) != string(q.Pix[at:at+n]) {
			return false
		}
	}
	return true
}

// difference returns the 4x4 samples at x, y less those of q.
func (p *Plane) difference(q *Plane, x, y int) (b block) {
	for i := range 4 {
		at := (y+i)*p.Stride + x
		for j := range 4 {
			b[4*i+j] = int(p.Pix[at+j]) - int(q.Pix[at+j])
		}
	}
	return b
}

// add adds a block to the samples at x, y.
func (p *Plane) add(b *block, x, y int) {
	for i := range 4 {
		row := p.Pix[(y+i)*p.Stride+x:][:4]
		for j := range row {
			row[j] = byte(min(max(int(row[j])+b[4*i+j], 0), 255))
		}
	}
}
