package jitter

import "math"

// A pitch finds the period of a sound: the shift between 2.5 and 15 ms (400 to 67 Hz) at which it is most like itself. It
// searches at some 8 kHz, and around what it found at the full rate.
type pitch struct {
	channels          int
	factor            int // full rate to that of the search
	shortest, longest int
	full              []float64
	coarse            []float64
}

func newPitch(rate, channels int) pitch {
	f := max(rate/8000, 1)
	longest := (rate*15/1000 + f - 1) / f * f
	return pitch{channels: channels, factor: f, shortest: rate / 400, longest: longest,
		full: make([]float64, 2*longest), coarse: make([]float64, 2*longest/f)}
}

// find searches x, which holds twice the longest period. The window that is compared is as long as the longest period, begins
// at ref, 0 or the longest, and is shifted forward (dir 1) or back (dir -1). It returns the period and how like the two
// are: 1 is the same, silence is.
func (p *pitch) find(x []int16, ref, dir int) (period int, like float64) {
	p.load(x)
	n := len(p.coarse)
	window := n / 2
	period, like = search(p.coarse, ref/p.factor, dir, window, p.shortest/p.factor, window)
	period *= p.factor
	if p.factor == 1 {
		return period, like
	}
	return search(p.full, ref, dir, p.longest, max(period-p.factor, p.shortest), min(period+p.factor, p.longest))
}

// load mixes the channels and thins the result out.
func (p *pitch) load(x []int16) {
	for i := range p.full {
		v := 0.0
		for k := range p.channels {
			v += float64(x[i*p.channels+k])
		}
		p.full[i] = v
	}
	for i := range p.coarse {
		v := 0.0
		for _, f := range p.full[i*p.factor : (i+1)*p.factor] {
			v += f
		}
		p.coarse[i] = v
	}
}

// search compares the window at ref with those shifted by least to most.
func search(x []float64, ref, dir, window, least, most int) (best int, like float64) {
	a := x[ref : ref+window]
	var power float64
	for _, v := range a {
		power += v * v
	}
	best, like = least, -1
	for s := least; s <= most; s++ {
		c := x[ref+dir*s:][:window]
		var cross, other float64
		for i, v := range c {
			cross += v * a[i]
			other += v * v
		}
		l := 1.0
		if product := power * other; product > 0 {
			l = cross / math.Sqrt(product)
		} else if power+other > 0 {
			l = 0
		}
		if l > like {
			best, like = s, l
		}
	}
	return best, like
}
