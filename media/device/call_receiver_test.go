//go:build cgo && unix

package device

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/pcm"
)

// A countingSink counts pictures, and throws them away.
type countingSink struct{ n *atomic.Int64 }

func (s countingSink) WriteFrame(media.Frame) error { s.n.Add(1); return nil }
func (s countingSink) Close() error                 { return nil }

// A hearingSink counts packets of sound that are played.
type hearingSink struct {
	media.PromptSink
	n *atomic.Int64
}

func (s hearingSink) WriteFrame(f media.Frame) error {
	s.n.Add(1)
	return s.PromptSink.WriteFrame(f)
}

// A nullOutput plays to nobody, 10 ms at a time.
type nullOutput struct{ clock *time.Ticker }

func (o nullOutput) Format() pcm.Format   { return pcm.Format{Rate: 48000, Channels: 1} }
func (o nullOutput) Delay() time.Duration { return playPeriod }
func (o nullOutput) Close() error         { o.clock.Stop(); return nil }

func (o nullOutput) Write(ctx context.Context, _ []int16) error {
	select {
	case <-o.clock.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// receiver returns what makes the sinks of the process that receives.
func receiver(t *testing.T, video, audio *atomic.Int64) func(media.TrackInfo) media.Sink {
	t.Helper()
	speaker, err := pcm.NewSpeaker(pcm.SpeakerConfig{Open: func(context.Context) (pcm.Output, error) {
		return nullOutput{time.NewTicker(10 * time.Millisecond)}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { speaker.Close() })
	return func(i media.TrackInfo) media.Sink {
		if i.Kind == media.Video {
			return countingSink{video}
		}
		sink, err := speaker.Sink(i)
		if err != nil {
			t.Error(err)
			return nil
		}
		return hearingSink{sink.(media.PromptSink), audio}
	}
}

// receiveCall answers, and obeys the sender's notes until the one that says what it spent.
func receiveCall(w *wire, conn *media.Conn, fingerprint [32]byte, s *spent) error {
	for {
		n, err := w.receive()
		switch {
		case err != nil:
		case n.Offer != "":
			var answer string
			answer, err = conn.Answer(n.Offer, [32]byte(n.Fingerprint), nil, media.Kinds{Audio: true, Video: true})
			conn.Start()
			if err == nil {
				err = w.send(note{Answer: answer, Fingerprint: fingerprint[:]})
			}
		case n.Candidate != nil:
			err = conn.AddCandidate(*n.Candidate)
		case n.Spent != nil:
			*s = *n.Spent
			return nil
		}
		if err != nil {
			return err
		}
	}
}
