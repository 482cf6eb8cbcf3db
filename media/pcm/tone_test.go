package pcm_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/pcm"
)

// TestToneArrives says a tone into a Writer and hears it from a Reader, in every shape. In stereo each side says its own.
func TestToneArrives(t *testing.T) {
	for _, codec := range []media.Codec{media.Opus, media.PCMU, media.PCMA} {
		for _, rate := range []int{8000, 16000, 24000, 48000} {
			for _, channels := range []int{1, 2} {
				f := pcm.Format{Rate: rate, Channels: channels}
				t.Run(fmt.Sprintf("%s/%d/%d", codec, rate, channels), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { testTone(t, codec, f, f) })
				})
			}
		}
		t.Run(fmt.Sprintf("%s/stereo to mono", codec), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { testTone(t, codec, pcm.Format{Rate: 48000, Channels: 2}, narrow) })
		})
	}
}

// testTone says 440 Hz, in stereo on the left and then 1000 Hz on the right, in one shape, and listens in another.
func testTone(t *testing.T, codec media.Codec, said, heard pcm.Format) {
	w := newWriter(t, pcm.WriterConfig{Format: said, Codec: codec})
	r := newReader(t, w.Track(), pcm.ReaderConfig{Format: heard})
	// Said before anything is sent, so that each run encodes the same: with a copy for FEC and a constant size libopus 1.3.1
	// leaves holes in some pure tones, which depend on how they begin.
	if err := w.Write(t.Context(), inTurn(said)); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	go carry(t.Context(), w, r)
	all := hear(t, heard, r.Read, 1500*ms)
	if took := time.Since(start); took < 1480*ms || took > 1500*ms {
		t.Errorf("1.5 s of sound took %v", took)
	}
	for channel := range heard.Channels {
		samples := side(heard, all, channel)
		first, second := samples[heard.Rate*4/10:heard.Rate*8/10], samples[heard.Rate*11/10:]
		switch {
		case said.Channels == 1:
			wantTone(t, heard.Rate, samples[heard.Rate/2:], 440, 9)
		case heard.Channels == 1 || codec != media.Opus: // G.711 is mono on its way
			wantTone(t, heard.Rate, first, 440, 15)
			wantTone(t, heard.Rate, second, 1000, 15)
		case channel == 0:
			wantTone(t, heard.Rate, first, 440, 9)
			wantQuiet(t, second)
		default:
			wantQuiet(t, first)
			wantTone(t, heard.Rate, second, 1000, 9)
		}
	}
	if s := r.Stats(); s.Concealed > 0 || s.Lost > 0 || s.Latency > 80*ms {
		t.Errorf("%+v", s)
	}
}

// inTurn is two seconds of 440 Hz; in stereo 0.9 s of it on the left, and then 1000 Hz on the right.
func inTurn(f pcm.Format) []int16 {
	if f.Channels == 1 {
		return tone(f, 440, 0.5, 2*time.Second)
	}
	out := append(tone(f, 440, 0.5, 900*ms), tone(f, 1000, 0.5, 1100*ms)...)
	for i := range out {
		if left := i < f.Samples(900*ms); left != (i%2 == 0) {
			out[i] = 0
		}
	}
	return out
}

// wantQuiet fails unless samples are what a codec leaves of silence.
func wantQuiet(t *testing.T, samples []int16) {
	t.Helper()
	if level := pcm.Level(samples); level < 40 {
		t.Errorf("the other side is heard: level -%d dBov", level)
	}
}
