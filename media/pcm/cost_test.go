package pcm_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/pcm"
)

// TestAllocations counts what 20 ms of sound allocate once everything runs: the Data of a frame, which the sender takes
// over, and nothing else.
func TestAllocations(t *testing.T) {
	if raceOn {
		t.Skip("the race detector allocates")
	}
	for _, codec := range []media.Codec{media.Opus, media.PCMU} {
		t.Run(string(codec), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { testAllocations(t, codec) })
		})
	}
}

func testAllocations(t *testing.T, codec media.Codec) {
	stereo := pcm.Format{Rate: 48000, Channels: 2}
	ctx := t.Context()
	count := func(name string, want float64, f func()) {
		t.Helper()
		for range 200 {
			f()
		}
		if got := testing.AllocsPerRun(200, f); got > want {
			t.Errorf("%s: %v allocations in 20 ms, want %v", name, got, want)
		}
	}
	w := newWriter(t, pcm.WriterConfig{Format: stereo, Codec: codec})
	said := tone(stereo, 440, 0.5, 20*ms)
	count("Writer", 1, func() {
		w.Write(ctx, said)
		if _, err := w.Read(ctx); err != nil {
			t.Fatal(err)
		}
	})
	m := newMicrophone(t, pcm.MicrophoneConfig{Open: hum(pcm.Format{Rate: 44100, Channels: 2}).Input, Codec: codec})
	count("Microphone", 1, func() {
		if _, err := m.Read(ctx); err != nil {
			t.Fatal(err)
		}
	})
	m.Close()

	packets := make([]media.Frame, 3000)
	for i := range packets {
		packets[i], _ = w.Read(ctx)
	}
	n := 0
	next := func() media.Frame { n++; return packets[n-1] }
	r := newReader(t, w.Track(), pcm.ReaderConfig{Format: stereo, Hear: func(pcm.Voice) {}})
	buf := make([]int16, stereo.Samples(10*ms))
	count("Reader", 0, func() {
		r.WriteFrame(next())
		r.Read(ctx, buf)
		r.Read(ctx, buf)
	})
	s := newSpeaker(t, pcm.SpeakerConfig{Open: (&room{format: pcm.Format{Rate: 44100, Channels: 2}, forget: true}).Output})
	sink, err := s.Sink(w.Track())
	if err != nil {
		t.Fatal(err)
	}
	count("Speaker", 0, func() {
		sink.WriteFrame(next())
		time.Sleep(20 * ms)
	})
}

func BenchmarkEncode(b *testing.B) {
	for _, codec := range []media.Codec{media.Opus, media.PCMU} {
		b.Run(string(codec), func(b *testing.B) {
			m := tone(wide, 440, 0.5, 20*ms)
			e, err := pcm.NewEncoding(codec, wide)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := e(m); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDetector(b *testing.B) {
	d, samples := pcm.NewDetector(wide), spoken(wide, 0.5, 20*ms)
	b.ReportAllocs()
	for b.Loop() {
		d.Process(samples)
	}
}
