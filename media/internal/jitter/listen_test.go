package jitter

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// A listener hears a tone in windows of 100 ms, and keeps the worst of each property.
type listener struct {
	rate, channels int
	from           time.Duration // nothing is judged before
	window         []int16
	last           int16
	step           int     // largest between two samples
	low, high      float64 // root mean square
	slow, fast     float64 // Hz
	at             map[string]time.Duration
}

func listen(rate, channels int, from time.Duration) *listener {
	return &listener{rate: rate, channels: channels, from: from, low: math.Inf(1), slow: math.Inf(1), at: map[string]time.Duration{}}
}

func (l *listener) hear(at time.Duration, pcm []int16) {
	if at < l.from {
		return
	}
	step, last := l.step, int(l.last)
	if l.window == nil {
		last = int(pcm[0])
	}
	for i := 0; i < len(pcm); i += l.channels {
		v := int(pcm[i])
		step, last = max(step, v-last, last-v), v
		l.window = append(l.window, pcm[i])
	}
	l.last = int16(last)
	if step > l.step {
		l.step, l.at["step"] = step, at
	}
	if len(l.window) >= l.rate/10 {
		l.judge(at)
		l.window = l.window[:0]
	}
}

func (l *listener) judge(at time.Duration) {
	var sum float64
	first, last, n := -1.0, 0.0, 0
	for i, v := range l.window {
		sum += float64(v) * float64(v)
		if i == 0 {
			continue
		}
		if u := l.window[i-1]; u < 0 && v >= 0 {
			last = float64(i-1) + float64(-int(u))/float64(int(v)-int(u))
			if first < 0 {
				first = last
			}
			n++
		}
	}
	level := math.Sqrt(sum / float64(len(l.window)))
	hz := 0.0
	if n > 1 {
		hz = float64(n-1) / (last - first) * float64(l.rate)
	}
	l.keep("low", &l.low, level, level < l.low, at)
	l.keep("high", &l.high, level, level > l.high, at)
	if level < 0.85*l.high { // a hole is judged by its level: the waves around it say nothing about the pitch
		return
	}
	l.keep("slow", &l.slow, hz, hz < l.slow, at)
	l.keep("fast", &l.fast, hz, hz > l.fast, at)
}

// keep notes what is worse than all before.
func (l *listener) keep(what string, worst *float64, v float64, worse bool, at time.Duration) {
	if worse {
		*worst, l.at[what] = v, at
	}
}

// check wants a tone of hz and level, whose slope is nowhere more than steep times its own.
func (l *listener) check(t *testing.T, hz, level, off, lowest, steep float64) {
	t.Helper()
	power := 32767 * level / math.Sqrt2
	slope := 32767 * level * 2 * math.Sin(math.Pi*hz/float64(l.rate))
	t.Logf("heard %.1f … %.1f Hz, level %.2f … %.2f of the tone's, steepest %.2f of its slope", l.slow, l.fast, l.low/power,
		l.high/power, float64(l.step)/slope)
	if l.window == nil {
		t.Error("heard nothing")
	}
	if l.slow < hz*(1-off) || l.fast > hz*(1+off) {
		t.Errorf("%.1f to %.1f Hz; want %.0f (%v)", l.slow, l.fast, hz, l.at)
	}
	if l.low < lowest*power || l.high > 1.1*power {
		t.Errorf("level %.2f to %.2f (%v)", l.low/power, l.high/power, l.at)
	}
	if float64(l.step) > steep*slope {
		t.Errorf("a step of %d; the tone's are %.0f at most (%v)", l.step, slope, l.at)
	}
}

// speech is like it: syllables of a gliding voice with three formants, hissing between them, and pauses.
func speech(rate int, d time.Duration, seed uint64) []int16 {
	r := rand.New(rand.NewPCG(seed, 3))
	s := make([]float64, int(d*time.Duration(rate)/time.Second))
	for i := 0; i < len(s); {
		n := rate * (80 + r.IntN(200)) / 1000
		switch r.IntN(5) {
		case 0: // pause
		case 1:
			for k := i; k < min(i+n/2, len(s)); k++ {
				s[k] = 0.05 * r.NormFloat64() * math.Sin(math.Pi*float64(k-i)/float64(n/2))
			}
			n /= 2
		default:
			voiced(s[i:min(i+n, len(s))], rate, r)
		}
		i += n
	}
	out := make([]int16, len(s))
	for i, v := range s {
		out[i] = int16(32767 * min(max(v, -1), 1))
	}
	return out
}

func voiced(s []float64, rate int, r *rand.Rand) {
	from, to := 90+r.Float64()*150, 90+r.Float64()*150
	formants := [3]float64{300 + r.Float64()*500, 900 + r.Float64()*1300, 2300 + r.Float64()*800}
	phase := 0.0
	for k := range s {
		x := float64(k) / float64(len(s))
		pitch := from + (to-from)*x
		phase = math.Mod(phase+pitch/float64(rate), 1)
		since := phase / pitch // seconds after the last pulse of the glottis
		v := 0.0
		for j, f := range formants {
			v += math.Exp(-since*math.Pi*80*float64(j+1)) * math.Sin(2*math.Pi*f*since) / float64(j+1)
		}
		s[k] = 0.3 * v * math.Sin(math.Pi*x)
	}
}
