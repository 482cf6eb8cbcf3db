package main

import "math"

// lobes is how many zero crossings of the sinc lie on each side of a sample.
const lobes = 16

// A resampler turns mono sound of one rate into another: a windowed sinc in as many phases as the ratio of the rates has.
// Programs that speak have rates of their own, 22,050 Hz for one, which no call has.
type resampler struct {
	up, down int         // the ratio of the rates, to over from, in lowest terms
	phases   [][]float32 // the filter, for each place between two samples of the input
	past     []float32   // samples that the filter still reaches
	at       int         // of the next output sample: past's index times up, plus the phase
}

// newResampler returns nil if there is nothing to do.
func newResampler(from, to int) *resampler {
	if from == to {
		return nil
	}
	d := gcd(from, to)
	r := &resampler{up: to / d, down: from / d}
	cutoff := min(1, float64(to)/float64(from)) * 0.95 // of half the input's rate
	reach := int(math.Ceil(lobes / cutoff))
	r.phases = make([][]float32, r.up)
	for p := range r.phases {
		r.phases[p] = sinc(float64(p)/float64(r.up), cutoff, reach)
	}
	r.past = make([]float32, reach-1) // silence before the beginning
	return r
}

// sinc is a low-pass filter of 2·reach taps, for a place between its two middle taps. Its window is Hann's.
func sinc(place, cutoff float64, reach int) []float32 {
	taps, sum := make([]float64, 2*reach), 0.0
	for i := range taps {
		x := float64(i-reach+1) - place
		taps[i] = 0.5 + 0.5*math.Cos(math.Pi*x/float64(reach))
		if x != 0 {
			taps[i] *= math.Sin(math.Pi*cutoff*x) / (math.Pi * cutoff * x)
		}
		sum += taps[i]
	}
	out := make([]float32, len(taps))
	for i, tap := range taps {
		out[i] = float32(tap / sum)
	}
	return out
}

// resample appends to dst what src makes. The last few samples come with the next call, or with flush.
func (r *resampler) resample(dst, src []int16) []int16 {
	if r == nil {
		return append(dst, src...)
	}
	for _, s := range src {
		r.past = append(r.past, float32(s))
	}
	reach := len(r.phases[0])
	for r.at/r.up+reach <= len(r.past) {
		taps, sum := r.phases[r.at%r.up], float32(0)
		for i, s := range r.past[r.at/r.up:][:reach] {
			sum += s * taps[i]
		}
		dst = append(dst, int16(min(max(math.Round(float64(sum)), math.MinInt16), math.MaxInt16)))
		r.at += r.down
	}
	used := min(r.at/r.up, len(r.past))
	r.past = append(r.past[:0], r.past[used:]...)
	r.at -= used * r.up
	return dst
}

// flush appends what is still held back.
func (r *resampler) flush(dst []int16) []int16 {
	if r == nil {
		return dst
	}
	return r.resample(dst, make([]int16, len(r.phases[0])/2))
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
