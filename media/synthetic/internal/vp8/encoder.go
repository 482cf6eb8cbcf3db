package vp8

import "fmt"

// MaxSize is the largest width and height that an Encoder takes.
const MaxSize = 4096

// An Encoder turns pictures of one size into VP8 frames.
type Encoder struct {
	index  int // of the quantiser
	quant  quantiser
	cols   int
	rows   int
	source *Picture // the last picture
	recon  *Picture // what a decoder shows
	begun  bool

	blocks []macroblock
	above  []nonzero // of each column
	left   nonzero
	first  boolWriter // header and modes
	second boolWriter // coefficients
}

// macroblock is what is written about 16x16 pixels: 16 blocks of luma, four of each chroma plane, and Y2.
type macroblock struct {
	luma, chroma mode
	skip         bool // no coefficient at all
	levels       [25]block
}

// nonzero tells which blocks at the edge of a macroblock have coefficients: four of luma, two of each chroma plane, Y2.
type nonzero [9]int

// NewEncoder returns an encoder with a quantiser index from 0, the finest, to 127.
func NewEncoder(width, height, index int) (*Encoder, error) {
	if width < 1 || height < 1 || width > MaxSize || height > MaxSize || index < 0 || index > 127 {
		return nil, fmt.Errorf("vp8: cannot encode %dx%d with quantiser %d", width, height, index)
	}
	e := &Encoder{
		index: index, quant: newQuantiser(index),
		source: NewPicture(width, height), recon: NewPicture(width, height),
	}
	e.cols, e.rows = e.recon.Y.Width/16, e.recon.Y.Height/16
	e.blocks = make([]macroblock, e.cols*e.rows)
	e.above = make([]nonzero, e.cols)
	return e, nil
}

// Encode returns the frame for a picture of the encoder's size. The first frame is a key frame.
func (e *Encoder) Encode(p *Picture, key bool) []byte {
	key = key || !e.begun
	for row := range e.rows {
		for col := range e.cols {
			m := &e.blocks[row*e.cols+col]
			if key {
				e.intra(m, p, col, row)
			} else {
				e.inter(m, p, col, row)
			}
		}
	}
	e.source.Copy(p)
	e.begun = true
	return e.write(key)
}

// intra codes a macroblock from its neighbours.
func (e *Encoder) intra(m *macroblock, p *Picture, col, row int) {
	r := e.recon
	m.luma = choose(16*col, 16*row, 16, []*Plane{&r.Y}, []*Plane{&p.Y})
	m.chroma = choose(8*col, 8*row, 8, []*Plane{&r.U, &r.V}, []*Plane{&p.U, &p.V})
	e.residue(m, p, col, row)
}

// inter codes a macroblock from the same place in the last frame. Where the source has not changed, nothing is written.
func (e *Encoder) inter(m *macroblock, p *Picture, col, row int) {
	s := e.source
	m.skip = p.Y.equalBlock(&s.Y, 16*col, 16*row, 16) &&
		p.U.equalBlock(&s.U, 8*col, 8*row, 8) && p.V.equalBlock(&s.V, 8*col, 8*row, 8)
	if !m.skip {
		e.residue(m, p, col, row)
	}
}

// residue codes what the prediction, which stands in recon, leaves, and adds it there as a decoder does.
func (e *Encoder) residue(m *macroblock, p *Picture, col, row int) {
	has := e.lumaResidue(m, p, 16*col, 16*row)
	for i := range 4 {
		x, y := 8*col+i%2*4, 8*row+i/2*4
		u := e.chromaResidue(&m.levels[16+i], &p.U, &e.recon.U, x, y)
		v := e.chromaResidue(&m.levels[20+i], &p.V, &e.recon.V, x, y)
		has = has || u || v
	}
	m.skip = !has
}

func (e *Encoder) lumaResidue(m *macroblock, p *Picture, x, y int) bool {
	second := &m.levels[24]
	has := false
	for i := range 16 {
		b := p.Y.difference(&e.recon.Y, x+i%4*4, y+i/4*4)
		forwardDCT(&b)
		second[i] = b[0]
		b[0] = 0
		has = e.quant.y.quantise(&b, 1) || has
		m.levels[i] = b
	}
	forwardWHT(second)
	has = e.quant.y2.quantise(second, 0) || has
	if !has {
		return false
	}
	dc := *second
	e.quant.y2.restore(&dc, 0)
	inverseWHT(&dc)
	for i := range 16 {
		b := m.levels[i]
		e.quant.y.restore(&b, 1)
		b[0] = dc[i]
		inverseDCT(&b)
		e.recon.Y.add(&b, x+i%4*4, y+i/4*4)
	}
	return true
}

func (e *Encoder) chromaResidue(levels *block, p, recon *Plane, x, y int) bool {
	*levels = p.difference(recon, x, y)
	forwardDCT(levels)
	if !e.quant.uv.quantise(levels, 0) {
		return false
	}
	b := *levels
	e.quant.uv.restore(&b, 0)
	inverseDCT(&b)
	recon.add(&b, x, y)
	return true
}
