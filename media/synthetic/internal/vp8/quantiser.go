package vp8

// steps are what the coefficients of one kind of block are divided by.
type steps struct{ dc, ac int }

// quantiser holds the steps of a quantiser index for luma, second-order luma and chroma (RFC 6386, sections 9.6 and 14.1).
type quantiser struct{ y, y2, uv steps }

func newQuantiser(index int) quantiser {
	dc, ac := dcQuant[index], acQuant[index]
	return quantiser{
		y:  steps{dc, ac},
		y2: steps{2 * dc, max(ac*155/100, 8)},
		uv: steps{min(dc, 132), ac},
	}
}

// quantise divides the coefficients from first on; small ones become zero. It returns the levels in their place and
// whether any is left.
func (s steps) quantise(b *block, first int) bool {
	has := false
	for i := first; i < 16; i++ {
		step := s.ac
		if i == 0 {
			step = s.dc
		}
		level := 0
		if v := b[i]; v >= 0 {
			level = min((v+step*7/16)/step, 2047)
		} else {
			level = -min((-v+step*7/16)/step, 2047)
		}
		b[i] = level
		has = has || level != 0
	}
	return has
}

// restore multiplies the levels again, as a decoder does.
func (s steps) restore(b *block, first int) {
	for i := first; i < 16; i++ {
		if i == 0 {
			b[i] *= s.dc
		} else {
			b[i] *= s.ac
		}
	}
}
