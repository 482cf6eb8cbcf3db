package resample

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

var rates = []int{8000, 12000, 16000, 24000, 44100, 48000}

// tone returns n samples of a sine.
func tone(rate, n int, f, amplitude float64) []int16 {
	out := make([]int16, n)
	for i := range out {
		out[i] = int16(math.Round(amplitude * math.Sin(2*math.Pi*f*float64(i)/float64(rate))))
	}
	return out
}

// fit returns the amplitude of the sine of a frequency that fits best, and the power of what is left, as amplitude.
func fit(x []int16, rate int, f float64) (amplitude, rest float64) {
	var s, c, ss, cc, sc float64
	for i, v := range x {
		a, b := math.Sincos(2 * math.Pi * f * float64(i) / float64(rate))
		s, c = s+float64(v)*a, c+float64(v)*b
		ss, cc, sc = ss+a*a, cc+b*b, sc+a*b
	}
	det := ss*cc - sc*sc
	p, q := (s*cc-c*sc)/det, (c*ss-s*sc)/det
	var e float64
	for i, v := range x {
		a, b := math.Sincos(2 * math.Pi * f * float64(i) / float64(rate))
		d := float64(v) - p*a - q*b
		e += d * d
	}
	return math.Hypot(p, q), math.Sqrt(2 * e / float64(len(x)))
}

func db(x float64) float64 { return 20 * math.Log10(x) }

// pairs calls f with all pairs of rates.
func pairs(t *testing.T, f func(t *testing.T, from, to int)) {
	for _, from := range rates {
		for _, to := range rates {
			t.Run(fmt.Sprintf("%d to %d", from, to), func(t *testing.T) { f(t, from, to) })
		}
	}
}

func TestTonesPass(t *testing.T) {
	pairs(t, func(t *testing.T, from, to int) {
		nyquist := float64(min(from, to)) / 2
		for _, part := range []float64{0.05, 0.6, 0.9} {
			for _, drift := range []float64{0, 300} {
				r := New(from, to, 1)
				r.SetDrift(drift)
				f := part * nyquist
				out := r.Resample(nil, tone(from, from/8, f, 16000))[to/20:]
				level, rest := fit(out, to, f/(1+drift/1e6))
				if d := db(level / 16000); math.Abs(d) > 0.2 {
					t.Errorf("%.0f Hz, drift %.0f: level %.2f dB", f, drift, d)
				}
				if d := db(rest / 16000); d > -66 {
					t.Errorf("%.0f Hz, drift %.0f: images at %.1f dB", f, drift, d)
				}
			}
		}
	})
}

func TestWhatWouldAliasIsStopped(t *testing.T) {
	pairs(t, func(t *testing.T, from, to int) {
		if from <= to {
			return
		}
		for part := 1.0; part < float64(from)/float64(to); part += 0.11 {
			out := New(from, to, 1).Resample(nil, tone(from, from/8, part*float64(to)/2, 16000))[to/20:]
			var e float64
			for _, v := range out {
				e += float64(v) * float64(v)
			}
			if d := db(math.Sqrt(2*e/float64(len(out))) / 16000); d > -66 {
				t.Errorf("%.0f Hz: %.1f dB are left", part*float64(to)/2, d)
			}
		}
	})
}

// TestConstants: silence stays silence, and a constant stays what it is.
func TestConstants(t *testing.T) {
	pairs(t, func(t *testing.T, from, to int) {
		for _, v := range []int16{0, 1, -1, 12345, math.MaxInt16, math.MinInt16} {
			out := New(from, to, 1).Resample(nil, slices.Repeat([]int16{v}, from/10))
			for i, got := range out[to/50:] {
				if got != v {
					t.Fatalf("%d became %d at %d", v, got, i)
				}
			}
		}
	})
}

// TestOvershootSaturates: the filter rings at an edge, and beyond full scale that must not wrap around.
func TestOvershootSaturates(t *testing.T) {
	const half = 200
	high, low := slices.Repeat([]int16{math.MaxInt16}, half), slices.Repeat([]int16{math.MinInt16}, half)
	r := New(48000, 48000, 1)
	out := r.Resample(nil, slices.Concat(high, low, high, low))[halfWidth:]
	clipped := 0
	for i, v := range out {
		if edge := min(i%half, half-i%half); edge > 2 && (v > 0) != (i/half%2 == 0) {
			t.Fatalf("%d at %d: it wrapped around", v, i)
		}
		if v == math.MaxInt16 || v == math.MinInt16 {
			clipped++
		}
	}
	if clipped < half {
		t.Errorf("%d values saturated: the test is too tame", clipped)
	}
}

func TestChunksChangeNothing(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	pairs(t, func(t *testing.T, from, to int) {
		for channels := 1; channels <= 2; channels++ {
			src := make([]int16, from/10*channels)
			for i := range src {
				src[i] = int16(rng.IntN(60000) - 30000)
			}
			whole, parts := New(from, to, channels), New(from, to, channels)
			whole.SetDrift(77)
			parts.SetDrift(77)
			want := whole.Resample(nil, src)
			var got []int16
			for rest := src; len(rest) > 0; {
				n := min(len(rest), rng.IntN(700)*channels)
				got = parts.Resample(got, rest[:n])
				rest = rest[n:]
			}
			if !slices.Equal(got, want) {
				t.Errorf("%d channels: chunks make another sound", channels)
			}
		}
	})
}

func TestStereoIsTwoMonos(t *testing.T) {
	left, right := tone(48000, 9600, 440, 9000), tone(48000, 9600, 1234, 7000)
	both := make([]int16, 0, 2*len(left))
	for i := range left {
		both = append(both, left[i], right[i])
	}
	out := New(48000, 44100, 2).Resample(nil, both)
	l, r := New(48000, 44100, 1).Resample(nil, left), New(48000, 44100, 1).Resample(nil, right)
	if len(out) != 2*len(l) {
		t.Fatalf("%d values, not twice %d", len(out), len(l))
	}
	for i := range l {
		if out[2*i] != l[i] || out[2*i+1] != r[i] {
			t.Fatalf("the channels are mixed up at %d", i)
		}
	}
	if got := New(48000, 16000, 2).Resample(nil, []int16{1}); len(got) != 0 {
		t.Error("half a sample made sound")
	}
}

// TestFrames: 20 ms are 20 ms, each time.
func TestFrames(t *testing.T) {
	pairs(t, func(t *testing.T, from, to int) {
		r := New(from, to, 1)
		for range 10 {
			if got := len(r.Resample(nil, make([]int16, from/50))); got != to/50 {
				t.Fatalf("20 ms became %d samples, not %d", got, to/50)
			}
		}
	})
}

// TestDelay: a click comes out Delay later.
func TestDelay(t *testing.T) {
	pairs(t, func(t *testing.T, from, to int) {
		r := New(from, to, 1)
		src := make([]int16, from/10)
		at := from / 20
		src[at] = 30000
		out := r.Resample(nil, src)
		peak := 0
		for i, v := range out {
			if v > out[peak] {
				peak = i
			}
		}
		got := time.Duration(peak)*time.Second/time.Duration(to) - time.Duration(at)*time.Second/time.Duration(from)
		if d := (got - r.Delay()).Abs(); d > time.Second/time.Duration(to) {
			t.Errorf("a click comes %v later; Delay says %v", got, r.Delay())
		}
	})
}

func TestDriftCounts(t *testing.T) {
	for _, ppm := range []float64{200, -200, 1000, -1000, 0.5} {
		r := New(48000, 48000, 1)
		r.SetDrift(ppm)
		buf, n := make([]int16, 0, 1000), 0
		src := make([]int16, 480)
		const chunks = 1000
		for range chunks {
			n += len(r.Resample(buf, src))
		}
		want := chunks * 480 * (1 + ppm/1e6)
		if math.Abs(float64(n)-want) > 2 {
			t.Errorf("%v ppm made %d samples, not %.0f", ppm, n, want)
		}
	}
}

// TestDriftChangesWithoutClicks: a change of the drift is a change of pitch, never a step. A click would be a second difference
// that no sine of this frequency has.
func TestDriftChangesWithoutClicks(t *testing.T) {
	r := New(48000, 48000, 1)
	src := tone(48000, 96000, 1000, 16000)
	var out []int16
	for i, ppm := 0, 0.0; i < len(src); i += 480 {
		out = r.Resample(out, src[i:i+480])
		ppm = math.Mod(ppm+737, 2000) - 1000
		r.SetDrift(ppm)
	}
	w := 2 * math.Pi * 1000 * 1.001 / 48000
	limit := 16000*w*w*1.02 + 3
	for i := 2000; i < len(out)-2; i++ {
		if d := math.Abs(float64(out[i]) - 2*float64(out[i+1]) + float64(out[i+2])); d > limit {
			t.Fatalf("a step of %.0f at %d; %.0f is what a sine has", d, i, limit)
		}
	}
}

func TestDriftIsBounded(t *testing.T) {
	r, edge := New(48000, 48000, 1), New(48000, 48000, 1)
	edge.SetDrift(1000)
	for _, ppm := range []float64{1001, 1e9, math.Inf(1)} {
		if r.SetDrift(ppm); r.step != edge.step {
			t.Errorf("%v ppm: step %d", ppm, r.step)
		}
	}
	if r.SetDrift(math.NaN()); r.step != r.even {
		t.Error("not a number changed the drift")
	}
}

func TestNothingIsAllocated(t *testing.T) {
	r := New(44100, 48000, 2)
	r.SetDrift(50)
	src, dst := make([]int16, 882), make([]int16, 0, 2000)
	if n := testing.AllocsPerRun(100, func() { r.Resample(dst, src) }); n != 0 {
		t.Errorf("%v allocations a call", n)
	}
}

func TestUnknownRatesPanic(t *testing.T) {
	for _, x := range [][3]int{{0, 48000, 1}, {48000, 11025, 1}, {48000, 16000, 0}, {48000, 16000, 3}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%v was taken", x)
				}
			}()
			New(x[0], x[1], x[2])
		}()
	}
}

// BenchmarkResample: 10 ms of one channel.
func BenchmarkResample(b *testing.B) {
	for _, x := range [][2]int{{8000, 48000}, {16000, 48000}, {44100, 48000}, {48000, 8000}, {48000, 16000}, {48000, 44100}, {48000, 48000}} {
		for _, drift := range []float64{0, 100} {
			b.Run(fmt.Sprintf("%d-%d/drift=%.0f", x[0], x[1], drift), func(b *testing.B) {
				r := New(x[0], x[1], 1)
				r.SetDrift(drift)
				src, dst := make([]int16, x[0]/100), make([]int16, 0, 1000)
				b.ReportAllocs()
				for b.Loop() {
					r.Resample(dst, src)
				}
			})
		}
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		New(44100, 8000, 1)
	}
}
