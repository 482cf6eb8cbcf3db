package pcm_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/media/pcm"
)

func TestLevel(t *testing.T) {
	square := make([]int16, 480)
	for i := range square {
		square[i] = int16(math.MaxInt16 - 2*math.MaxInt16*(i/24%2))
	}
	for _, c := range []struct {
		name    string
		samples []int16
		want    uint8
	}{
		{"nothing", nil, 127},
		{"silence", make([]int16, 480), 127},
		{"one step", []int16{1, -1, 1, -1}, 90},
		{"full square", square, 0},
		{"the most", []int16{math.MinInt16, math.MinInt16}, 0},
		{"full sine", tone(wide, 1000, 1, 100*ms), 3},
		{"a tenth", tone(wide, 1000, 0.1, 100*ms), 23},
	} {
		if got := pcm.Level(c.samples); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

// spoken is what a voice looks like: pulses through a mouth, in syllables of 250 ms with pauses of 100 ms, 120 to 160 Hz.
func spoken(f pcm.Format, amplitude float64, d time.Duration) []int16 {
	out := make([]int16, f.Samples(d))
	var phase, y1, y2 float64
	w := 2 * math.Pi * 700 / float64(f.Rate)
	radius := math.Exp(-math.Pi * 130 / float64(f.Rate))
	for i := 0; i < len(out); i += f.Channels {
		t := float64(i/f.Channels) / float64(f.Rate)
		phase += (140 + 20*math.Sin(2*math.Pi*t)) / float64(f.Rate)
		x := 0.0
		if phase >= 1 {
			phase--
			x = 1
		}
		y := x + 2*radius*math.Cos(w)*y1 - radius*radius*y2
		y1, y2 = y, y1
		syllable := math.Mod(t, 0.35) / 0.25
		if syllable > 1 {
			syllable = 1
		}
		s := int16(amplitude * math.MaxInt16 * 0.5 * y * math.Sin(math.Pi*syllable))
		for c := range f.Channels {
			out[i+c] = s
		}
	}
	return out
}

// hiss is noise of an amplitude; dark above 0 takes its high parts.
func hiss(f pcm.Format, amplitude, dark float64, d time.Duration) []int16 {
	r := rand.New(rand.NewPCG(1, 2))
	out := make([]int16, f.Samples(d))
	last := 0.0
	for i := range out {
		last = dark*last + (1-dark)*(2*r.Float64()-1)
		out[i] = int16(amplitude * math.MaxInt16 * last / math.Sqrt((1-dark)/(1+dark)))
	}
	return out
}

func add(a, b []int16) []int16 {
	out := make([]int16, len(a))
	for i := range a {
		out[i] = int16(min(max(int(a[i])+int(b[i]), math.MinInt16), math.MaxInt16))
	}
	return out
}

// share is which part of the 10 ms of samples is said to be speech, and when it was first.
func share(f pcm.Format, samples []int16) (part float64, first time.Duration) {
	d, n, said := pcm.NewDetector(f), f.Samples(10*ms), 0
	all := len(samples) / n
	first = -1
	for i := range all {
		if d.Process(samples[i*n:][:n]).Speaking {
			if said++; first < 0 {
				first = time.Duration(i) * 10 * ms
			}
		}
	}
	return float64(said) / float64(all), first
}

func TestDetector(t *testing.T) {
	const d = 10 * time.Second
	for _, rate := range []int{8000, 16000, 24000, 48000} {
		if raceOn && rate != 16000 {
			continue // slow, and on one goroutine
		}
		f := pcm.Format{Rate: rate, Channels: 1 + rate/48000}
		hum := tone(f, 50, 0.05, d)
		for _, c := range []struct {
			name       string
			samples    []int16
			least, top float64
		}{
			{"silence", make([]int16, f.Samples(d)), 0, 0},
			{"speech", spoken(f, 0.5, d), 0.9, 1},
			{"faint speech", spoken(f, 0.03, d), 0.85, 1},
			{"speech over noise", add(spoken(f, 0.5, d), hiss(f, 0.01, 0, d)), 0.85, 1},
			{"hiss", hiss(f, 0.1, 0, d), 0, 0.02},
			{"faint hiss", hiss(f, 0.005, 0, d), 0, 0.02},
			{"wind", hiss(f, 0.1, 0.9, d), 0, 0.1},
			{"hum of the mains", hum, 0, 0.35}, // until it is known for what it is
			{"a hum and hiss", add(hum, hiss(f, 0.02, 0, d)), 0, 0.35},
		} {
			part, first := share(f, c.samples)
			if part < c.least || part > c.top {
				t.Errorf("%s at %d Hz: %.0f %% is speech, first at %v", c.name, rate, 100*part, first)
			}
			if c.least > 0 && first > 100*ms {
				t.Errorf("%s at %d Hz: first heard at %v", c.name, rate, first)
			}
		}
	}
}

// TestDetectorEnds has speech that ends: the hang-over is over soon.
func TestDetectorEnds(t *testing.T) {
	f := narrow
	samples := append(spoken(f, 0.5, 3*time.Second), make([]int16, f.Samples(time.Second))...)
	samples = add(samples, hiss(f, 0.002, 0, 4*time.Second))
	d, last := pcm.NewDetector(f), time.Duration(0)
	n := f.Samples(10 * ms)
	for i := 0; i+n <= len(samples); i += n {
		if d.Process(samples[i : i+n]).Speaking {
			last = f.Duration(i + n)
		}
	}
	if last < 2950*ms || last > 3300*ms {
		t.Errorf("speech of 3 s ends at %v", last)
	}
}

// TestDetectorPieces gets the same samples in other pieces.
func TestDetectorPieces(t *testing.T) {
	f := pcm.Format{Rate: 48000, Channels: 2}
	samples := spoken(f, 0.5, 2*time.Second)
	a, b := pcm.NewDetector(f), pcm.NewDetector(f)
	for len(samples) > 0 {
		piece := samples[:min(960, len(samples))]
		samples = samples[len(piece):]
		whole := a.Process(piece)
		b.Process(piece[:100])
		b.Process(nil)
		if got := b.Process(piece[100:]); got.Speaking != whole.Speaking {
			t.Fatal("pieces matter")
		}
	}
}

func ExampleLevel() {
	quiet := []int16{100, -100, 100, -100}
	fmt.Println(pcm.Level(quiet), pcm.Level(nil))
	// Output: 50 127
}
