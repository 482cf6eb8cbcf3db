package vp8

// Kinds of block, as the token probabilities tell them apart (RFC 6386, section 13.3).
const (
	lumaAfterY2 = iota // its first coefficient stands in the Y2 block
	y2
	chroma
)

// tokens writes the levels of a block from first on and reports whether there was one (RFC 6386, section 13). context
// says how many of the blocks above and to the left have any.
func (w *boolWriter) tokens(kind int, levels *block, first, context int) bool {
	last := 15
	for last >= first && levels[zigzag[last]] == 0 {
		last--
	}
	afterZero := false
	for i := first; i <= last; i++ {
		p := &tokenDefault[kind][bands[i]][context]
		level := levels[zigzag[i]]
		if !afterZero {
			w.put(p[0], true) // not the end of the block
		}
		size := max(level, -level)
		w.token(p, size)
		if size > 0 {
			w.put(128, level < 0)
		}
		afterZero, context = size == 0, min(size, 2)
	}
	if last < 15 {
		w.put(tokenDefault[kind][bands[last+1]][context][0], false)
	}
	return last >= first
}

// token writes the size of a level.
func (w *boolWriter) token(p *[11]probability, size int) {
	if w.put(p[1], size > 0); size == 0 {
		return
	}
	if w.put(p[2], size > 1); size == 1 {
		return
	}
	if w.put(p[3], size > 4); size <= 4 {
		if w.put(p[4], size > 2); size > 2 {
			w.put(p[5], size > 3)
		}
		return
	}
	c := 0
	for c < 5 && size >= categories[c+1].base {
		c++
	}
	if w.put(p[6], c >= 2); c < 2 {
		w.put(p[7], c == 1)
	} else {
		w.put(p[8], c >= 4)
		w.put(p[9+(c-2)/2], c&1 != 0)
	}
	extra := size - categories[c].base
	for i, q := range categories[c].probs {
		w.put(q, extra>>(len(categories[c].probs)-1-i)&1 != 0)
	}
}
