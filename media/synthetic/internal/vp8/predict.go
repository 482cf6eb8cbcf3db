package vp8

// A mode is how a macroblock of a key frame is predicted from its neighbours (RFC 6386, section 12).
type mode uint8

const (
	average    mode = iota // all samples are the mean of those above and to the left
	vertical               // each column goes on
	horizontal             // each row goes on
)

// predict fills the square of n at x, y of the plane from the samples around it. Beyond the picture's edge lie 127 above
// and 129 to the left; the mean takes what there is.
func (p *Plane) predict(m mode, x, y, n int) {
	mean := byte(0)
	if m == average {
		mean = p.mean(x, y, n)
	}
	for i := range n {
		row := p.Pix[(y+i)*p.Stride+x:][:n]
		fill := mean
		switch {
		case m == vertical && y > 0:
			copy(row, p.Pix[(y-1)*p.Stride+x:][:n])
			continue
		case m == vertical:
			fill = 127
		case m == horizontal && x > 0:
			fill = p.Pix[(y+i)*p.Stride+x-1]
		case m == horizontal:
			fill = 129
		}
		for j := range row {
			row[j] = fill
		}
	}
}

func (p *Plane) mean(x, y, n int) byte {
	sum, count := 0, 0
	if y > 0 {
		for _, v := range p.Pix[(y-1)*p.Stride+x:][:n] {
			sum += int(v)
		}
		count += n
	}
	if x > 0 {
		for i := range n {
			sum += int(p.Pix[(y+i)*p.Stride+x-1])
		}
		count += n
	}
	if count == 0 {
		return 128
	}
	return byte((sum + count/2) / count)
}

// distance is the sum of absolute differences between p and q in the square of n at x, y.
func (p *Plane) distance(q *Plane, x, y, n int) (d int) {
	for i := range n {
		at := (y+i)*p.Stride + x
		for j := at; j < at+n; j++ {
			d += max(int(p.Pix[j])-int(q.Pix[j]), int(q.Pix[j])-int(p.Pix[j]))
		}
	}
	return d
}

// choose predicts the square of each plane in the mode that comes nearest to the source, and returns the mode.
func choose(x, y, n int, recon, source []*Plane) mode {
	best, least := average, -1
	for m := average; m <= horizontal; m++ {
		d := 0
		for i, p := range recon {
			p.predict(m, x, y, n)
			d += p.distance(source[i], x, y, n)
		}
		if least < 0 || d < least {
			best, least = m, d
		}
	}
	for _, p := range recon {
		p.predict(best, x, y, n)
	}
	return best
}
