package pcm_test

import (
	"errors"
	"io"
	"io/fs"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/pcm"
)

// TestMixer has two who hum, in different codecs, and a bridge that gives each the other.
func TestMixer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := pcm.NewMixer(pcm.MixerConfig{Format: narrow})
		defer m.Close()
		join := func(codec media.Codec, hz float64) media.Sink {
			w := newWriter(t, pcm.WriterConfig{Format: narrow, Codec: codec})
			sink, err := m.Sink(w.Track())
			if err != nil {
				t.Fatal(err)
			}
			w.Write(t.Context(), tone(narrow, hz, 0.3, 5*time.Second))
			go carry(t.Context(), w, sink)
			return sink
		}
		a, b := join(media.Opus, 440), join(media.PCMU, 1000)
		notA := m.Except(a)
		both := hear(t, narrow, m.Read, 1500*ms)[8000:]
		if p, q := power(16000, both, 440), power(16000, both, 1000); p < 0.4 || q < 0.4 || p+q < 0.97 {
			t.Errorf("together: %.2f and %.2f", p, q)
		}
		wantTone(t, 16000, hear(t, narrow, notA.Read, 1500*ms)[8000:], 1000, 13)

		b.Close()
		hear(t, narrow, m.Read, 500*ms)
		wantTone(t, 16000, hear(t, narrow, m.Read, 500*ms), 440, 13)
		if s := m.Stats(); len(s.Tracks) != 1 || s.Tracks[0].Track.Codec != media.Opus {
			t.Errorf("%+v", s)
		}
		if err := b.WriteFrame(media.Frame{Data: make([]byte, 160)}); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("a frame after Close: %v", err)
		}
	})
}

// TestMixerLoud has more than fits: it is made quieter, not cut.
func TestMixerLoud(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := pcm.Format{Rate: 8000, Channels: 1}
		m := pcm.NewMixer(pcm.MixerConfig{Format: f})
		defer m.Close()
		for range 4 {
			w := newWriter(t, pcm.WriterConfig{Format: f, Codec: media.PCMU})
			sink, err := m.Sink(w.Track())
			if err != nil {
				t.Fatal(err)
			}
			w.Write(t.Context(), tone(f, 400, 0.9, 5*time.Second))
			go carry(t.Context(), w, sink)
		}
		heard := hear(t, f, m.Read, 2*time.Second)[8000:]
		wantTone(t, 8000, heard, 400, 3)
	})
}

func TestMixerEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := pcm.NewMixer(pcm.MixerConfig{})
		x := m.Except(nil)
		if silence := hear(t, m.Format(), m.Read, 100*ms); pcm.Level(silence) != 127 {
			t.Error("not silent")
		}
		sink, err := m.Sink(media.TrackInfo{Codec: media.PCMU})
		if err != nil {
			t.Fatal(err)
		}
		for m.Stats().Waiting > 0 {
			hear(t, m.Format(), m.Read, 10*ms)
		}
		time.AfterFunc(5*ms, func() { m.Close() })
		buf := make([]int16, 48000)
		if n, err := m.Read(t.Context(), buf); n != 0 || err != io.EOF {
			t.Errorf("%d, %v", n, err)
		}
		if n, err := x.Read(t.Context(), buf); n == 0 || err != nil {
			t.Errorf("what waited: %d, %v", n, err)
		}
		if _, err := x.Read(t.Context(), buf); err != io.EOF {
			t.Error(err)
		}
		if err := sink.WriteFrame(media.Frame{Data: make([]byte, 160)}); !errors.Is(err, fs.ErrClosed) {
			t.Error(err)
		}
		if _, err := m.Sink(media.TrackInfo{Codec: media.PCMU}); !errors.Is(err, fs.ErrClosed) {
			t.Error(err)
		}
		if err := x.Close(); err != nil {
			t.Error(err)
		}
		bad := pcm.NewMixer(pcm.MixerConfig{Format: pcm.Format{Rate: 7}})
		if _, err := bad.Read(t.Context(), buf); err == nil {
			t.Error("seven samples a second")
		}
	})
}

// TestMixClose ends one stream of a mixer while its Read waits; the others go on.
func TestMixClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := pcm.NewMixer(pcm.MixerConfig{})
		defer m.Close()
		x := m.Except(nil)
		hear(t, m.Format(), x.Read, 10*ms)
		time.AfterFunc(5*ms, func() { x.Close() })
		if _, err := x.Read(t.Context(), make([]int16, 480)); err != io.EOF {
			t.Error(err)
		}
		hear(t, m.Format(), m.Read, 100*ms)
	})
}
