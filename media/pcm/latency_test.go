package pcm_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/pcm"
)

// TestLatency writes a beep behind 50 ms that wait, and measures how long it takes until it is heard, from a Reader or a
// Mixer: what both sides' Stats say together, but for the part of a frame that was over when it was written, and a block.
func TestLatency(t *testing.T) {
	for _, codec := range []media.Codec{media.Opus, media.PCMU} {
		for phase := time.Duration(0); phase < 20*ms; phase += 7 * ms {
			t.Run(fmt.Sprint(codec, " to Reader ", phase), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWriter(t, pcm.WriterConfig{Format: narrow, Codec: codec})
					r := newReader(t, w.Track(), pcm.ReaderConfig{Format: narrow})
					latency := func() time.Duration { return r.Stats().Latency }
					testLatency(t, w, r, phase, r.Read, latency)
				})
			})
			t.Run(fmt.Sprint(codec, " to Mixer ", phase), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWriter(t, pcm.WriterConfig{Format: narrow, Codec: codec})
					m := pcm.NewMixer(pcm.MixerConfig{Format: narrow})
					defer m.Close()
					sink, err := m.Sink(w.Track())
					if err != nil {
						t.Fatal(err)
					}
					latency := func() time.Duration { s := m.Stats(); return s.Latency(s.Tracks[0]) }
					testLatency(t, w, sink, phase, m.Read, latency)
				})
			})
		}
	}
}

func testLatency(t *testing.T, w *pcm.Writer, sink media.Sink, phase time.Duration,
	read func(context.Context, []int16) (int, error), latency func() time.Duration,
) {
	go carry(t.Context(), w, sink)
	hear(t, narrow, read, 3*time.Second)
	told := latency()
	time.Sleep(phase)
	if err := w.Write(t.Context(), make([]int16, narrow.Samples(50*ms))); err != nil {
		t.Fatal(err)
	}
	s := w.Stats()
	if s.Waiting != 50*ms || s.Latency != s.Waiting+s.Codec {
		t.Errorf("%+v", s)
	}
	told += s.Latency
	start := time.Now()
	if err := w.Write(t.Context(), tone(narrow, 1000, 0.5, 20*ms)); err != nil {
		t.Fatal(err)
	}
	for buf := make([]int16, 16); pcm.Level(buf) > 20; { // a millisecond
		if _, err := read(t.Context(), buf); err != nil {
			t.Fatal(err)
		}
	}
	took := time.Since(start)
	t.Logf("%v, and Stats say %v", took, told)
	if took > told+10*ms || took < told-30*ms {
		t.Errorf("heard after %v, and Stats say %v", took, told)
	}
}
