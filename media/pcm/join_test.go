package pcm_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/pcm"
)

// TestMostTracks has more tracks than are mixed: closed ones make room, the oldest first, and others do not.
func TestMostTracks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &room{format: pcm.Format{Rate: 48000, Channels: 1}}
		s := newSpeaker(t, pcm.SpeakerConfig{Open: r.Output})
		m := pcm.NewMixer(pcm.MixerConfig{})
		defer m.Close()
		for name, sink := range map[string]func(media.TrackInfo) (media.Sink, error){"Speaker": s.Sink, "Mixer": m.Sink} {
			var sinks []media.Sink
			for n := range 16 {
				k, err := sink(media.TrackInfo{Kind: media.Audio, Codec: media.PCMU})
				if err != nil {
					t.Fatalf("%s: track %d: %v", name, n, err)
				}
				sinks = append(sinks, k)
			}
			if _, err := sink(media.TrackInfo{Kind: media.Audio, Codec: media.PCMU}); err == nil {
				t.Errorf("%s: seventeen tracks", name)
			}
			sinks[5].Close()
			sinks[3].Close()
			for range 2 {
				if _, err := sink(media.TrackInfo{Kind: media.Audio, Codec: media.PCMU}); err != nil {
					t.Errorf("%s: two were closed: %v", name, err)
				}
			}
			if _, err := sink(media.TrackInfo{Kind: media.Audio, Codec: media.PCMU}); err == nil {
				t.Errorf("%s: seventeen tracks, after two were closed", name)
			}
		}
		if n := len(s.Stats().Tracks); n > 16 {
			t.Errorf("%d tracks", n)
		}
	})
}

// A stubborn device goes on as if nothing were, after Close and the end of ctx.
type stubborn struct{}

func (stubborn) Format() pcm.Format   { return pcm.Format{Rate: 48000, Channels: 1} }
func (stubborn) Delay() time.Duration { return 10 * ms }
func (stubborn) Close() error         { return nil }

func (stubborn) Write(context.Context, []int16) error {
	time.Sleep(10 * ms)
	return nil
}

func (stubborn) Read(_ context.Context, buf []int16) (int, error) {
	time.Sleep(10 * ms)
	return len(buf), nil
}

// TestStubborn closes a Speaker and a Microphone whose device does not end.
func TestStubborn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSpeaker(t, pcm.SpeakerConfig{Open: func(context.Context) (pcm.Output, error) { return stubborn{}, nil }})
		m := newMicrophone(t, pcm.MicrophoneConfig{Open: func(context.Context) (pcm.Input, error) { return stubborn{}, nil }})
		frames(t, m, 5)
		closed := make(chan struct{})
		go func() {
			s.Close()
			m.Close()
			close(closed)
		}()
		select {
		case <-closed:
		case <-time.After(time.Second):
			panic("Close hangs") // nothing else would end the goroutines
		}
	})
}
