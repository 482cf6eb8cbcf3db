package pcm_test

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/pcm"
)

const ms = time.Millisecond

// tone is a sine of an amplitude from 0 to 1, alike on all channels.
func tone(f pcm.Format, hz, amplitude float64, d time.Duration) []int16 {
	out := make([]int16, f.Samples(d))
	for i := range out {
		t := float64(i/f.Channels) / float64(f.Rate)
		out[i] = int16(amplitude * math.MaxInt16 * math.Sin(2*math.Pi*hz*t))
	}
	return out
}

// left is the first channel.
func left(f pcm.Format, samples []int16) []int16 { return side(f, samples, 0) }

// side is a channel, the first of which is 0.
func side(f pcm.Format, samples []int16, channel int) (out []int16) {
	for i := channel; i < len(samples); i += f.Channels {
		out = append(out, samples[i])
	}
	return out
}

// power is how much of the samples' energy, from 0 to 1, lies at a frequency.
func power(rate int, samples []int16, hz float64) float64 {
	var re, im, all float64
	for i, s := range samples {
		sin, cos := math.Sincos(2 * math.Pi * hz * float64(i) / float64(rate))
		re, im, all = re+float64(s)*cos, im+float64(s)*sin, all+float64(s)*float64(s)
	}
	if all == 0 {
		return 0
	}
	return 2 * (re*re + im*im) / float64(len(samples)) / all
}

// quietest is the faintest stretch of 10 ms, in -dBov.
func quietest(rate int, samples []int16) (level uint8) {
	for n := rate / 100; len(samples) >= n; samples = samples[n/2:] {
		level = max(level, pcm.Level(samples[:n]))
	}
	return level
}

// steepest is the largest step from one sample to the next.
func steepest(samples []int16) (step int) {
	for i := 1; i < len(samples); i++ {
		d := int(samples[i]) - int(samples[i-1])
		step = max(step, d, -d)
	}
	return step
}

// wantTone fails unless samples are a steady tone of a level, without gap and click.
func wantTone(t *testing.T, rate int, samples []int16, hz float64, level uint8) {
	t.Helper()
	if p := power(rate, samples, hz); p < 0.97 {
		t.Errorf("%.1f %% of the energy is at %v Hz", 100*p, hz)
	}
	if got := int(pcm.Level(samples)) - int(level); got < -1 || got > 1 {
		t.Errorf("level -%d dBov, want -%d", pcm.Level(samples), level)
	}
	if q := quietest(rate, samples); q > level+2 {
		t.Errorf("a gap: 10 ms at -%d dBov", q)
	}
}

// carry moves frames from a source to a sink until either ends.
func carry(ctx context.Context, from media.Source, to media.Sink) {
	for {
		f, err := from.Read(ctx)
		if err != nil || to.WriteFrame(f) != nil {
			return
		}
	}
}

// hear reads so much sound, in pieces of any size.
func hear(t *testing.T, f pcm.Format, read func(context.Context, []int16) (int, error), d time.Duration) []int16 {
	t.Helper()
	out := make([]int16, f.Samples(d))
	for n := 0; n < len(out); {
		k, err := read(t.Context(), out[n:])
		if err != nil {
			t.Fatalf("after %v: %v", f.Duration(n), err)
		}
		n += k
	}
	return out
}

func newWriter(t *testing.T, cfg pcm.WriterConfig) *pcm.Writer {
	t.Helper()
	w, err := pcm.NewWriter(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

func newReader(t *testing.T, track media.TrackInfo, cfg pcm.ReaderConfig) *pcm.Reader {
	t.Helper()
	r, err := pcm.NewReader(track, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}
