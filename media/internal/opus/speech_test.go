package opus

import "math"

// speech returns n samples at a rate that sound like vowels: a pulse of a gliding pitch through three resonances, with
// syllables of a fifth of a second. The same every time.
func speech(rate, n int) []int16 {
	out := make([]int16, n)
	var phase float64
	var s [3][2]float64
	formants := [3][2]float64{{700, 110}, {1220, 120}, {2600, 160}}
	for i := range out {
		t := float64(i) / float64(rate)
		phase += (120 + 30*math.Sin(2*math.Pi*0.7*t)) / float64(rate)
		pulse := 0.0
		if phase >= 1 {
			phase--
			pulse = 1
		}
		y := 0.0
		for k, f := range formants {
			shift := 1 + 0.2*math.Sin(2*math.Pi*(1.3+float64(k))*t)
			r := math.Exp(-math.Pi * f[1] / float64(rate))
			v := pulse + 2*r*math.Cos(2*math.Pi*f[0]*shift/float64(rate))*s[k][0] - r*r*s[k][1]
			s[k][0], s[k][1] = v, s[k][0]
			y += v * float64(rate) / 48000
		}
		syllable := math.Pow(math.Abs(math.Sin(2*math.Pi*2.5*t)), 0.5)
		out[i] = int16(max(-32000, min(32000, 700*y*syllable)))
	}
	return out
}

// snr is how much louder a signal is than what differs from it, in dB.
func snr(signal, got []int16) float64 {
	var s, e float64
	for i, v := range signal {
		d := float64(v) - float64(got[i])
		s += float64(v) * float64(v)
		e += d * d
	}
	return 10 * math.Log10(s/max(e, 1e-9))
}

// aligned is snr at the delay up to limit at which it is best.
func aligned(signal, got []int16, limit int) (best float64, delay int) {
	best = math.Inf(-1)
	n := min(len(signal), len(got)) - limit
	for d := range limit {
		if x := snr(signal[:n], got[d:d+n]); x > best {
			best, delay = x, d
		}
	}
	return best, delay
}
