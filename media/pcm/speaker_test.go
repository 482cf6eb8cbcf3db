package pcm_test

import (
	"context"
	"errors"
	"io/fs"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/pcm"
)

func newSpeaker(t *testing.T, cfg pcm.SpeakerConfig) *pcm.Speaker {
	t.Helper()
	s, err := pcm.NewSpeaker(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// play has a Writer hum into a Speaker, and returns the sink.
func play(t *testing.T, s *pcm.Speaker, codec media.Codec, hz, amplitude float64, d time.Duration) media.Sink {
	t.Helper()
	w := newWriter(t, pcm.WriterConfig{Format: narrow, Codec: codec})
	sink, err := s.Sink(w.Track())
	if err != nil {
		t.Fatal(err)
	}
	if p, ok := sink.(media.PromptSink); !ok || !p.Prompt() {
		t.Error("the sink is not prompt")
	}
	if err := w.Write(t.Context(), tone(narrow, hz, amplitude, d)); err != nil {
		t.Fatal(err)
	}
	go carry(t.Context(), w, sink)
	return sink
}

func TestSpeaker(t *testing.T) {
	for _, f := range []pcm.Format{{Rate: 48000, Channels: 2}, {Rate: 44100, Channels: 1}, {Rate: 16000, Channels: 1}} {
		synctest.Test(t, func(t *testing.T) {
			r := &room{format: f}
			s := newSpeaker(t, pcm.SpeakerConfig{Open: r.Output, Volume: 0.5})
			play(t, s, media.Opus, 440, 0.3, 10*time.Second)
			b := play(t, s, media.PCMU, 1000, 0.3, 10*time.Second)
			time.Sleep(1500 * ms)
			heard := left(f, r.heard())[f.Rate/2:]
			if p, q := power(f.Rate, heard, 440), power(f.Rate, heard, 1000); p < 0.4 || q < 0.4 || p+q < 0.97 {
				t.Errorf("together: %.2f and %.2f", p, q)
			}
			if q := quietest(f.Rate, heard); q > 25 {
				t.Errorf("a gap: -%d dBov", q)
			}
			st := s.Stats()
			if len(st.Tracks) != 2 || !st.Up || st.Output != outputDelay || st.Underruns > 0 {
				t.Fatalf("%+v", st)
			}
			for _, track := range st.Tracks {
				if d := st.Latency(track); d < 30*ms || d > 100*ms || track.Concealed > 0 || track.Level > 14 {
					t.Errorf("latency %v, %+v", d, track)
				}
			}
			b.Close()
			time.Sleep(500 * ms)
			before := len(r.heard())
			s.SetVolume(1)
			time.Sleep(500 * ms)
			heard = left(f, r.heard()[before:])
			wantTone(t, f.Rate, heard[len(heard)/2:], 440, 13)
			if len(s.Stats().Tracks) != 1 {
				t.Error("a track that was closed is still there")
			}
			s.SetVolume(-1)
			time.Sleep(500 * ms)
			heard = left(f, r.heard())
			if got := pcm.Level(heard[len(heard)-f.Rate/10:]); got != 127 {
				t.Errorf("volume 0: level -%d", got)
			}
			if step := steepest(heard); step > 5000 { // of a cut: up to twice the amplitude
				t.Errorf("a click: a step of %d", step)
			}
		})
	}
}

// TestSpeakerPulled pulls the device and puts it back. What came meanwhile is not heard later.
func TestSpeakerPulled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, e := &room{format: pcm.Format{Rate: 48000, Channels: 1}}, &events{}
		s := newSpeaker(t, pcm.SpeakerConfig{Open: r.Output, Notify: e.notify})
		play(t, s, media.Opus, 440, 0.5, 30*time.Second)
		time.Sleep(time.Second)
		r.set(errPulled)
		synctest.Wait()
		if got := e.take(); len(got) != 1 || got[0].Up || !errors.Is(got[0].Err, errPulled) || got[0].Device != "fake" {
			t.Fatalf("pulled: %+v", got)
		}
		time.Sleep(10 * time.Second)
		st := s.Stats()
		if st.Up || st.Lost != 1 || st.Tracks[0].Delay > 100*ms || st.Tracks[0].Concealed > 0 {
			t.Errorf("away: %+v", st)
		}
		before := len(r.heard())
		r.set(nil)
		time.Sleep(3 * time.Second)
		if got := e.take(); len(got) != 1 || !got[0].Up {
			t.Fatalf("back: %+v", got)
		}
		heard := r.heard()[before:]
		if len(heard) < 48000 {
			t.Fatalf("%d samples after the device was back", len(heard))
		}
		wantTone(t, 48000, heard[len(heard)-48000:], 440, 9)
		if st := s.Stats(); !st.Up || st.Tracks[0].Delay > 100*ms {
			t.Errorf("back: %+v", st)
		}
	})
}

// A swallower opens, takes some sound as a pipe does, and fails then.
type swallower struct{ left time.Duration }

func (o *swallower) Format() pcm.Format   { return narrow }
func (o *swallower) Delay() time.Duration { return 0 }
func (o *swallower) Close() error         { return nil }

func (o *swallower) Write(ctx context.Context, samples []int16) error {
	if o.left -= narrow.Duration(len(samples)); o.left >= 0 {
		return nil
	}
	select {
	case <-time.After(100 * ms): // until the program ends that should have played it
		return errPulled
	case <-ctx.Done():
		return ctx.Err()
	}
}

// TestSpeakerThatOnlyOpens is away, and is not told to be back at each try.
func TestSpeakerThatOnlyOpens(t *testing.T) {
	for _, pipe := range []time.Duration{40 * ms, 690 * ms} { // 690 ms: 64 kB at 48 kHz
		synctest.Test(t, func(t *testing.T) {
			e, opens := &events{}, 0
			newSpeaker(t, pcm.SpeakerConfig{Notify: e.notify, Open: func(context.Context) (pcm.Output, error) {
				opens++
				return &swallower{pipe}, nil
			}})
			time.Sleep(5 * time.Second)
			if got := e.take(); opens < 4 || len(got) != 1 || got[0].Up || !errors.Is(got[0].Err, errPulled) {
				t.Errorf("opened %d times: %+v", opens, got)
			}
		})
	}
}

// TestSpeakerUnderrun has a device that runs dry once.
func TestSpeakerUnderrun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &room{format: wide}
		s := newSpeaker(t, pcm.SpeakerConfig{Open: r.Output})
		for _, dry := range []bool{false, true, false} {
			r.mu.Lock()
			r.dry = dry
			r.mu.Unlock()
			time.Sleep(105 * ms)
		}
		if st := s.Stats(); st.Underruns != 1 || st.Output != outputDelay {
			t.Errorf("%+v", st)
		}
	})
}

func TestSpeakerHopeless(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		notBuilt := &media.DeviceError{Device: "speaker", Fault: media.DeviceNotBuilt}
		r, e := &room{away: notBuilt}, &events{}
		open := func(ctx context.Context) (pcm.Output, error) {
			time.Sleep(100 * ms)
			return r.Output(ctx)
		}
		s := newSpeaker(t, pcm.SpeakerConfig{Open: open, Notify: e.notify})
		sink, err := s.Sink(media.TrackInfo{Codec: media.PCMU})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if opens, _ := r.state(); opens != 1 || len(e.take()) != 1 {
			t.Errorf("opened %d times", opens)
		}
		if err := sink.WriteFrame(media.Frame{Data: make([]byte, 160)}); !errors.Is(err, notBuilt) {
			t.Errorf("a frame: %v", err)
		}
		if _, err := s.Sink(media.TrackInfo{Codec: media.PCMU}); !errors.Is(err, notBuilt) {
			t.Errorf("a sink: %v", err)
		}
	})
}

func TestSpeakerClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, away := range []error{nil, errPulled} {
			r := &room{format: pcm.Format{Rate: 48000, Channels: 1}, away: away}
			s := newSpeaker(t, pcm.SpeakerConfig{Open: r.Output})
			sink := play(t, s, media.Opus, 440, 0.5, time.Second)
			time.Sleep(105 * ms)
			start := time.Now()
			for range 2 {
				if err := s.Close(); err != nil || time.Since(start) != 0 {
					t.Errorf("%v after %v", err, time.Since(start))
				}
			}
			if _, open := r.state(); open != 0 {
				t.Error("the device is open after Close")
			}
			if err := sink.WriteFrame(media.Frame{Data: make([]byte, 160)}); !errors.Is(err, fs.ErrClosed) {
				t.Errorf("a frame after Close: %v", err)
			}
		}
	})
	if _, err := pcm.NewSpeaker(pcm.SpeakerConfig{}); err == nil {
		t.Error("no Open")
	}
}
