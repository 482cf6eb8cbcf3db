package vp8

import "encoding/binary"

// write puts the frame together: its tag, the header and modes, the coefficients (RFC 6386, section 9).
func (e *Encoder) write(key bool) []byte {
	skipped := 0
	for i := range e.blocks {
		if e.blocks[i].skip {
			skipped++
		}
	}
	coded := probability(min(max(256*(len(e.blocks)-skipped)/len(e.blocks), 1), 255))
	e.first.reset()
	e.header(key, coded)
	e.second.reset()
	clear(e.above)
	for row := range e.rows {
		e.left = nonzero{}
		for col := range e.cols {
			m := &e.blocks[row*e.cols+col]
			e.first.put(coded, m.skip)
			if key {
				e.first.intraModes(m)
			} else {
				e.first.interMode(col, row)
			}
			e.coefficients(m, &e.above[col])
		}
	}
	first, second := e.first.finish(), e.second.finish()
	b := make([]byte, 0, 10+len(first)+len(second))
	tag := uint32(len(first))<<5 | 1<<4 // shown
	if !key {
		tag |= 1
	}
	b = append(b, byte(tag), byte(tag>>8), byte(tag>>16))
	if key {
		b = append(b, 0x9d, 0x01, 0x2a)
		b = binary.LittleEndian.AppendUint16(b, uint16(e.recon.Width))
		b = binary.LittleEndian.AppendUint16(b, uint16(e.recon.Height))
	}
	return append(append(b, first...), second...)
}

// header writes the frame header (RFC 6386, section 19.2). What is not used here is 0: segments, the loop filter, partitions,
// quantiser deltas, the golden and the alternate frame, changes of probabilities.
func (e *Encoder) header(key bool, coded probability) {
	w := &e.first
	if key {
		w.bits(0, 2) // colour space, clamping
	}
	w.bits(0, 1)     // segments
	w.bits(0, 1+6+3) // loop filter
	w.bits(0, 1)     // its adjustments
	w.bits(0, 2)     // partitions
	w.bits(e.index, 7)
	w.bits(0, 5) // quantiser deltas
	if !key {
		w.bits(0, 1+1+2+2+1+1) // golden and alternate frame
	}
	w.bits(1, 1) // keep the probabilities
	if !key {
		w.bits(1, 1) // the next frame refers to this one
	}
	for i := range tokenUpdate {
		for j := range tokenUpdate[i] {
			for k := range tokenUpdate[i][j] {
				for _, p := range tokenUpdate[i][j][k] {
					w.put(p, false)
				}
			}
		}
	}
	w.bits(1, 1) // macroblocks may be skipped
	w.bits(int(coded), 8)
	if key {
		return
	}
	w.bits(neverIntra, 8)
	w.bits(alwaysLast, 8)
	w.bits(128, 8) // golden or alternate: does not occur
	w.bits(0, 2)   // changes of the intra modes' probabilities
	for _, p := range motionUpdate {
		w.put(p, false)
	}
}

// In a delta frame every macroblock is predicted from the last frame.
const (
	neverIntra = 1
	alwaysLast = 255
)

// intraModes writes the modes of a macroblock of a key frame (RFC 6386, sections 11.2 and 11.4).
func (w *boolWriter) intraModes(m *macroblock) {
	w.put(145, true) // one mode for all of its luma
	w.put(156, m.luma == horizontal)
	if m.luma == horizontal {
		w.put(128, false)
	} else {
		w.put(163, m.luma == vertical)
	}
	if w.put(142, m.chroma != average); m.chroma == average {
		return
	}
	if w.put(114, m.chroma != vertical); m.chroma != vertical {
		w.put(183, false)
	}
}

// interMode says that a macroblock comes from the last frame and has not moved (RFC 6386, section 16).
func (w *boolWriter) interMode(col, row int) {
	w.put(neverIntra, true)
	w.put(alwaysLast, false)
	neighbours := 0
	if row > 0 {
		neighbours += 2
	}
	if col > 0 {
		neighbours += 2
	}
	if row > 0 && col > 0 {
		neighbours++
	}
	w.put(zeroMotion[neighbours], false)
}

// coefficients writes a macroblock's levels and keeps track of which blocks have any.
func (e *Encoder) coefficients(m *macroblock, above *nonzero) {
	left := &e.left
	if m.skip {
		*left, *above = nonzero{}, nonzero{}
		return
	}
	put := func(kind int, levels *block, first int, l, a *int) {
		has := 0
		if e.second.tokens(kind, levels, first, *l+*a) {
			has = 1
		}
		*l, *a = has, has
	}
	put(y2, &m.levels[24], 0, &left[8], &above[8])
	for i := range 16 {
		put(lumaAfterY2, &m.levels[i], 1, &left[i/4], &above[i%4])
	}
	for i := range 8 {
		plane := 4 + i/4*2
		put(chroma, &m.levels[16+i], 0, &left[plane+i%4/2], &above[plane+i%2])
	}
}
