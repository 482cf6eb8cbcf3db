package pcm

import "math"

// A fader changes loudness without clicks: its gain moves towards a target sample by sample.
type fader struct{ gain float32 }

// apply multiplies samples in place. A move from 0 to 1 takes so many samples.
func (f *fader) apply(samples []int16, target float32, samplesOfMove int) {
	if f.gain == target && target == 1 {
		return
	}
	step := 1 / float32(samplesOfMove)
	for i, s := range samples {
		f.toward(target, step)
		samples[i] = clip(float32(s) * f.gain)
	}
}

// applySum is apply for a sum of several tracks, which may be beyond 16 bits.
func (f *fader) applySum(samples []int32, target float32, samplesOfMove int) {
	if f.gain == target && target == 1 {
		return
	}
	step := 1 / float32(samplesOfMove)
	for i, s := range samples {
		f.toward(target, step)
		samples[i] = int32(float32(s) * f.gain)
	}
}

func (f *fader) toward(target, step float32) {
	if f.gain < target {
		f.gain = min(f.gain+step, target)
	} else if f.gain > target {
		f.gain = max(f.gain-step, target)
	}
}

func clip(s float32) int16 {
	return int16(min(max(s, math.MinInt16), math.MaxInt16))
}

// How a limiter moves.
const (
	limitPeak    = 32000.0
	limitAttack  = rate / 1000 // samples until the gain fits a louder block
	limitRelease = 0.02        // of the gain, a block, upwards
)

// A limiter brings a sum of tracks into 16 bits. A sum that fits goes through bit by bit; one that does not is made
// quieter as a whole rather than cut, and what is left over in the first millisecond saturates. Its zero value is ready.
type limiter struct{ cut float32 } // 1 - gain

// apply appends the limited sum, one block of it, to dst.
func (l *limiter) apply(dst []int16, sum []int32) []int16 {
	var peak int32
	for _, s := range sum {
		peak = max(peak, s, -s)
	}
	from, to := 1-l.cut, min(1-l.cut+limitRelease, 1)
	if peak > -math.MinInt16 || to < 1 {
		to = min(to, limitPeak/float32(max(peak, 1)))
	}
	span := len(sum)
	if to < from {
		span = min(span, limitAttack)
	}
	l.cut = 1 - to
	if from == 1 && to == 1 {
		for _, s := range sum {
			dst = append(dst, int16(min(s, math.MaxInt16)))
		}
		return dst
	}
	for i, s := range sum {
		gain := from + (to-from)*min(float32(i+1)/float32(span), 1)
		dst = append(dst, clip(float32(s)*gain))
	}
	return dst
}
