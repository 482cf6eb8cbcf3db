package jitter

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// TestRecover: a packet that is lost alone is made of the next one, and nothing is concealed but what the next one could not
// say.
func TestRecover(t *testing.T) {
	lost := func(i int) bool { return i%10 == 5 || i > 300 && i%50 < 3 }
	b, err := New(Config{Rate: 48000, Channels: 1, Decoder: recovering{}, Samples: raw{1}.samples, Min: 60 * ms})
	if err != nil {
		t.Fatal(err)
	}
	sine, epoch, out := tone(48000, 400, 0.5), time.Unix(1, 0), make([]int16, 480)
	l := listen(48000, 1, 500*ms)
	for i := range 2000 {
		at := time.Duration(i) * 10 * ms
		if n := i / 2; i%2 == 0 && !lost(n) {
			from := n * 960 % 48000
			b.Put(pack(sine[from:from+960]), at, epoch.Add(at))
		}
		b.Pull(out, epoch.Add(at))
		if i < 500 {
			l.hear(at, out)
		}
	}
	s := b.Stats()
	if s.Lost < 100 || s.Recovered < 100 || s.Concealed > 20*3*960 {
		t.Errorf("%+v", s)
	}
	l.check(t, 400, 0.5, 0.01, 0.97, 1.1)
}

// recovering is raw, and knows that each frame is like the one before, as it is with 400 Hz.
type recovering struct{ raw }

func (r recovering) Recover(dst []int16, next []byte) (int, error) { return r.Decode(dst, next) }

// TestDecoderConceals: a decoder that can conceal is asked to, and sound goes on without a step.
func TestDecoderConceals(t *testing.T) {
	at, concealed := 0, 0
	c := tracking{tone: tone(48000, 440, 0.5), at: &at, concealed: &concealed}
	l := listen(48000, 1, 500*ms)
	b := stream{signal: c.tone, decoder: c, network: loss(5, uniform(10*ms)),
		heard: func(at time.Duration, pcm []int16, _ *Buffer) { l.hear(at, pcm) }}.run(t, time.Minute)
	if s := b.Stats(); concealed < 48000 || s.Concealed < 48000 {
		t.Errorf("%d, %+v", concealed, s)
	}
	l.check(t, 440, 0.5, 0.01, 0.6, 1.6)
}

// tracking is a codec that conceals a tone without a seam, since it remembers where in it the last packet ended.
type tracking struct {
	raw
	tone          []int16
	at, concealed *int
}

func (c tracking) Decode(dst []int16, packet []byte) (int, error) {
	n, err := c.raw.Decode(dst, packet)
	if i := slices.Index(c.tone, dst[n-1]); i >= 0 {
		for i < len(c.tone) && (c.tone[i] != dst[n-1] || c.tone[(i+len(c.tone)-1)%len(c.tone)] != dst[n-2]) {
			i++
		}
		*c.at = i + 1
	}
	return n, err
}

func (c tracking) Conceal(dst []int16) (int, error) {
	*c.concealed += len(dst)
	for i := range dst {
		dst[i] = c.tone[(*c.at+i)%len(c.tone)]
	}
	*c.at += len(dst)
	return len(dst), nil
}

// Recover is of no more use than Conceal, as for a packet without a copy of the one before.
func (c tracking) Recover(dst []int16, _ []byte) (int, error) { return c.Conceal(dst) }

// TestSpeech: what is heard of speech with loss, jitter and skew has no click and no gap that the speech has not.
func TestSpeech(t *testing.T) {
	const rate = 48000
	said := speech(rate, 20*time.Second, 1)
	steepest := 0
	for i := 1; i < len(said); i++ {
		steepest = max(steepest, int(said[i])-int(said[i-1]), int(said[i-1])-int(said[i]))
	}
	var heard []int16
	step, last := 0, 0
	b := stream{signal: said, network: loss(2, exponential(10*ms)), skew: 200, heard: func(_ time.Duration, pcm []int16, _ *Buffer) {
		for _, v := range pcm {
			step, last = max(step, int(v)-last, last-int(v)), int(v)
		}
		heard = append(heard, pcm...)
	}}.run(t, 2*time.Minute)
	ratio := loudness(heard[rate:]) / loudness(said)
	s := b.Stats()
	t.Logf("steepest step %.2f of the speech's, level %.2f; concealed %.2f %%, expanded %.2f %%, accelerated %.2f %%", float64(step)/float64(steepest),
		ratio, 100*float64(s.Concealed)/float64(s.Played), 100*float64(s.Expanded)/float64(s.Played), 100*float64(s.Accelerated)/float64(s.Played))
	if float64(step) > 1.3*float64(steepest) || ratio < 0.9 || ratio > 1.1 {
		t.Error("it is not what was said")
	}
	if had, has := longestQuiet(said[:19*rate]), longestQuiet(heard[rate:]); has > had+rate/20 {
		t.Errorf("%d samples of quiet; the speech has %d", has, had)
	}
}

func loudness(x []int16) float64 {
	var sum float64
	for _, v := range x {
		sum += float64(v) * float64(v)
	}
	return math.Sqrt(sum / float64(len(x)))
}

func longestQuiet(x []int16) (most int) {
	n := 0
	for _, v := range x {
		if n++; v > 60 || v < -60 {
			n = 0
		}
		most = max(most, n)
	}
	return most
}

// TestNoise: noise repeats nothing, and the delay is kept nevertheless.
func TestNoise(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	noise := make([]int16, 5*48000)
	for i := range noise {
		noise[i] = int16(3000 * r.NormFloat64())
	}
	var m meter
	b := stream{signal: noise, network: loss(2, uniform(30*ms)), skew: 200, before: func(_ time.Duration, b *Buffer) { m.add(b.Delay()) }}.run(t, 10*time.Minute/slower)
	if mean, p99, most := m.sum(); most > 120*ms {
		t.Errorf("mean %v p99 %v most %v, %+v", mean, p99, most, b.Stats())
	}
}
