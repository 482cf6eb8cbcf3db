package resample

import "math"

const (
	halfWidth = 44    // of the filter, in samples of the lower rate: Kaiser's formula for 70 dB over a tenth of its Nyquist band
	cutoff    = 0.95  // of the lower Nyquist frequency: between flat to 0.9 and silent from 1
	beta      = 6.755 // of the window: 0.1102 (70 - 8.7)
)

// filter returns phases+1 sets of taps coefficients, one after the other. Set p, laid over taps samples, gives the signal at
// p/phases of the way from sample taps/2-1 to the next. Narrow is the lower rate by the rate of the samples.
func filter(phases, taps int, narrow float64) []float32 {
	h := make([]float32, (phases+1)*taps)
	row := make([]float64, taps)
	for p := range phases + 1 {
		sum := 0.0
		for j := range row {
			t := float64(j-(taps/2-1)) - float64(p)/float64(phases)
			row[j] = sinc(cutoff*narrow*t) * kaiser(2*t/float64(taps))
			sum += row[j]
		}
		for j, v := range row {
			h[p*taps+j] = float32(v / sum) // every phase passes a constant as it is
		}
	}
	return h
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// kaiser is the window at x, which is -1 and 1 at its ends, but for a factor.
func kaiser(x float64) float64 {
	return bessel(beta * math.Sqrt(max(0, 1-x*x)))
}

// bessel is the modified Bessel function of the first kind and order zero, by its series.
func bessel(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; term > sum*1e-12; k++ {
		term *= (x / 2 / k) * (x / 2 / k)
		sum += term
	}
	return sum
}
