package resample

import (
	"fmt"
	"math"
	"slices"
	"time"
)

const (
	minPhases = 64   // enough for interpolation between two of them
	block     = 480  // samples per channel that are taken in at a time
	maxDrift  = 1000 // parts per million
)

// one is a phase in the fixed-point numbers of positions.
const one = 1 << 32

// A Resampler converts one stream. One goroutine uses it.
type Resampler struct {
	from     int
	channels int
	phases   int64
	taps     int
	filter   []float32
	buffer   [2][]float32 // per channel: the last taps-1 samples, and the block that is taken in
	filled   int          // samples of buffer
	at       int64        // where the next output lies, from the start of buffer, in phases*one per sample
	step     int64        // between two outputs
	even     int64        // step without drift
}

// New returns a resampler between two rates of 8000, 12000, 16000, 24000, 44100 and 48000 Hz, which may be the same, for 1 or 2
// interleaved channels. It panics for others: check what comes from outside. Between equal rates only SetDrift needs it.
func New(from, to, channels int) *Resampler {
	if !known(from) || !known(to) || channels != 1 && channels != 2 {
		panic(fmt.Sprintf("resample: from %d to %d Hz with %d channels", from, to, channels))
	}
	d := gcd(from, to)
	up, down := to/d, from/d
	phases := up * ((minPhases + up - 1) / up)
	narrow := min(1, float64(to)/float64(from))
	half := int(math.Ceil(halfWidth / narrow))
	r := &Resampler{
		from:     from,
		channels: channels,
		phases:   int64(phases),
		taps:     2 * half,
		filter:   filter(phases, 2*half, narrow),
		even:     int64(down*(phases/up)) * one,
	}
	r.step = r.even
	r.filled = r.taps - 1 // silence before the first sample
	for c := range channels {
		r.buffer[c] = make([]float32, r.taps-1+block)
	}
	return r
}

func known(rate int) bool {
	return slices.Contains([]int{8000, 12000, 16000, 24000, 44100, 48000}, rate)
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// Delay is how much later a sound leaves than it came in.
func (r *Resampler) Delay() time.Duration {
	return time.Duration(r.taps/2) * time.Second / time.Duration(r.from)
}

// SetDrift makes (1 + ppm/1e6) times as many samples from now on, so that a clock is met which runs that much faster than the
// rate says. At most 1000 either way; more is cut off, and what is not a number counts as 0. The sound goes on without a step, and
// its pitch changes by a sixtieth of a semitone at most. Change it slowly all the same.
func (r *Resampler) SetDrift(ppm float64) {
	if math.IsNaN(ppm) {
		ppm = 0
	}
	ppm = max(-maxDrift, min(maxDrift, ppm))
	r.step = int64(math.Round(float64(r.even) / (1 + ppm/1e6)))
}

// Resample appends to dst what src, whole samples of every channel, makes: len(src)*to/from values, rounded so that the sum over
// all calls is right. It allocates only where dst has no room. How the stream is cut into calls changes nothing of the result.
func (r *Resampler) Resample(dst, src []int16) []int16 {
	src = src[:len(src)/r.channels*r.channels]
	for len(src) > 0 {
		n := min(len(src), block*r.channels)
		r.take(src[:n])
		src = src[n:]
		dst = r.emit(dst)
		r.drop()
	}
	return dst
}

// take appends samples to the buffers.
func (r *Resampler) take(src []int16) {
	n := len(src) / r.channels
	for c := range r.channels {
		b := r.buffer[c][r.filled : r.filled+n]
		for i := range b {
			b[i] = float32(src[i*r.channels+c])
		}
	}
	r.filled += n
}

// emit appends every output whose taps are all there.
func (r *Resampler) emit(dst []int16) []int16 {
	sample := r.phases * one
	end := int64(r.filled-r.taps+1) * sample
	if r.at >= end {
		return dst
	}
	n := int((end-r.at+r.step-1)/r.step) * r.channels
	dst = slices.Grow(dst, n)
	out := dst[len(dst) : len(dst)+n]
	for k := 0; k < n; k += r.channels {
		i, phase := int(r.at/sample), r.at%sample
		h := r.filter[int(phase/one)*r.taps:]
		between := float32(phase%one) / one
		for c := range r.channels {
			out[k+c] = round(r.value(h, r.buffer[c][i:], between))
		}
		r.at += r.step
	}
	return dst[:len(dst)+n]
}

// value lays a phase of the filter over x, and mixes in the next phase as far as the position lies between the two.
func (r *Resampler) value(h, x []float32, between float32) float32 {
	v := dot(h[:r.taps], x[:r.taps])
	if between != 0 {
		v += between * (dot(h[r.taps:2*r.taps], x[:r.taps]) - v)
	}
	return v
}

// drop forgets the samples that no further output needs.
func (r *Resampler) drop() {
	sample := r.phases * one
	n := int(r.at / sample)
	for c := range r.channels {
		copy(r.buffer[c], r.buffer[c][n:r.filled])
	}
	r.filled -= n
	r.at -= int64(n) * sample
}

// dot keeps four sums, which do not wait for each other. len(x) is that of h, a multiple of two.
func dot(h, x []float32) float32 {
	var a, b, c, d float32
	for len(h) >= 4 && len(x) >= 4 {
		a += h[0] * x[0]
		b += h[1] * x[1]
		c += h[2] * x[2]
		d += h[3] * x[3]
		h, x = h[4:], x[4:]
	}
	for i := range h {
		a += h[i] * x[i]
	}
	return a + b + c + d
}

// round rounds to the nearest and saturates.
func round(v float32) int16 {
	switch {
	case v >= math.MaxInt16:
		return math.MaxInt16
	case v <= math.MinInt16:
		return math.MinInt16
	case v < 0:
		return int16(v - 0.5)
	}
	return int16(v + 0.5)
}
