package pcm_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/media/pcm"
)

var wide = pcm.Format{Rate: 48000, Channels: 1}

// A conversation runs both ways of a Processor in step, 10 ms at a time.
type conversation struct {
	p         pcm.Processor
	near, far func(at time.Duration) float64 // amplitudes of a voice
	mic, ear  []int16                        // what came out
	n         int
}

// talk runs for so long.
func (c *conversation) talk(d time.Duration) {
	for range d / (10 * ms) {
		at := time.Duration(c.n) * 10 * ms
		far, near := voice(c.n, c.far(at)), voice(c.n, c.near(at))
		c.p.Playback(far, 30*ms)
		c.p.Capture(near)
		c.ear, c.mic = append(c.ear, far...), append(c.mic, near...)
		c.n++
		time.Sleep(10 * ms)
	}
}

// voice is block n of a hum at 200 Hz.
func voice(n int, amplitude float64) []int16 {
	return tone(wide, 200, amplitude, 10*ms) // 200 Hz has two whole periods in 10 ms
}

// between is 1 from a time to another, else a faint hiss of nothing.
func between(amplitude float64, from, to time.Duration) func(time.Duration) float64 {
	return func(at time.Duration) float64 {
		if at >= from && at < to {
			return amplitude
		}
		return 0
	}
}

// level is that of a stretch of 50 ms.
func levelAt(samples []int16, at time.Duration) uint8 {
	return pcm.Level(samples[wide.Samples(at):][:wide.Samples(50*ms)])
}

func TestHalfDuplex(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &conversation{p: pcm.HalfDuplex(pcm.HalfDuplexConfig{})}
		c.near = between(0.3, 0, time.Hour)
		c.far = between(0.3, time.Second, 2*time.Second)
		c.talk(4 * time.Second)
		for _, w := range []struct {
			at    time.Duration
			level uint8
		}{
			{950 * ms, 13}, {1060 * ms, 127}, {1950 * ms, 127},
			{2150 * ms, 127}, // the hang-over, and what is still on its way to the speaker
			{2600 * ms, 13}, {3500 * ms, 13},
		} {
			if got := levelAt(c.mic, w.at); got != w.level {
				t.Errorf("microphone at %v: -%d dBov, want -%d", w.at, got, w.level)
			}
		}
		if step := steepest(c.mic); step > 400 { // the tone's own: 257
			t.Errorf("a click: a step of %d", step)
		}
		if got := levelAt(c.ear, 1500*ms); got != 13 {
			t.Errorf("the speaker was changed: -%d dBov", got)
		}
	})
}

func TestDucking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &conversation{p: pcm.Ducking(pcm.DuckingConfig{})}
		c.near = between(0.3, time.Second, 2*time.Second)
		c.far = between(0.2, 0, time.Hour)
		c.talk(4 * time.Second)
		for _, w := range []struct {
			at    time.Duration
			level uint8
		}{{900 * ms, 17}, {1150 * ms, 37}, {1900 * ms, 37}, {2300 * ms, 37}, {3100 * ms, 17}} {
			if got := levelAt(c.ear, w.at); got != w.level {
				t.Errorf("speaker at %v: -%d dBov, want -%d", w.at, got, w.level)
			}
		}
		if step := steepest(c.ear); step > 300 { // the tone's own: 172
			t.Errorf("a click: a step of %d", step)
		}
		if got := levelAt(c.mic, 1500*ms); got != 13 {
			t.Errorf("the microphone was changed: -%d dBov", got)
		}
	})
}

// TestDuckingEcho has the speaker come back into the microphone: it must not duck itself.
func TestDuckingEcho(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &conversation{p: pcm.Ducking(pcm.DuckingConfig{})}
		c.far = between(0.4, 0, time.Hour)
		c.near = between(0.06, 50*ms, time.Hour) // 16 dB less
		c.talk(3 * time.Second)
		if got := quietest(wide.Rate, c.ear); got > 12 {
			t.Errorf("its own echo ducked the speaker to -%d dBov", got)
		}
	})
}

// TestProcessorsInPlace runs both through a Microphone and a Speaker.
func TestProcessorsInPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pcm.HalfDuplex(pcm.HalfDuplexConfig{})
		r := hum(wide)
		s := newSpeaker(t, pcm.SpeakerConfig{Open: r.Output, Processors: []pcm.Processor{p}})
		m := newMicrophone(t, pcm.MicrophoneConfig{Open: r.Input, Processors: []pcm.Processor{p}})
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		sendAll(t, m, nil)
		time.Sleep(500 * ms)
		if got := m.Stats().Level; got != 9 {
			t.Errorf("alone: -%d dBov", got)
		}
		w := newWriter(t, pcm.WriterConfig{Format: narrow})
		sink, err := s.Sink(w.Track())
		if err != nil {
			t.Fatal(err)
		}
		w.Write(ctx, tone(narrow, 200, 0.5, time.Second))
		go carry(ctx, w, sink)
		time.Sleep(500 * ms)
		if got := m.Stats().Level; got != 127 {
			t.Errorf("while the far end speaks: -%d dBov", got)
		}
		time.Sleep(1500 * ms)
		if got := m.Stats().Level; got != 9 {
			t.Errorf("alone again: -%d dBov", got)
		}
	})
}
