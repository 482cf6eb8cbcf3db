package synthetic

import (
	"context"
	_ "embed"
	"io"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/internal/pace"
)

// tone is one second of 440 Hz in Opus at 32 kb/s, mono, constant bitrate; make.sh says how it was made.
//
//go:embed tone.opus
var tone []byte

const (
	packetTime = 20 * time.Millisecond
	packetSize = 80
)

// ToneOptions says how long a Tone is. The zero value has no end.
type ToneOptions struct {
	Duration time.Duration // when the source ends; 0: never
	Label    string        // the track's label; "": tone
}

// A Tone is a tone of 440 Hz without a gap: a media.Source of Opus packets of 20 ms.
type Tone struct {
	options ToneOptions
	clock   *pace.Clock
	n       int // the next packet
}

// NewTone returns a tone.
func NewTone(o ToneOptions) *Tone {
	if o.Label == "" {
		o.Label = "tone"
	}
	return &Tone{options: o, clock: pace.New()}
}

// Track describes the tone.
func (t *Tone) Track() media.TrackInfo {
	return media.TrackInfo{Kind: media.Audio, Codec: media.Opus, ClockRate: 48000, Channels: 1, Label: t.options.Label}
}

// Read returns the next packet when it is due, io.EOF after Duration, and an error that matches fs.ErrClosed after Close.
// After a pause in reading of more than a second the tone goes on where it was, and times have grown by the pause.
func (t *Tone) Read(ctx context.Context) (media.Frame, error) {
	due := time.Duration(t.n) * packetTime
	if t.options.Duration > 0 && due >= t.options.Duration {
		return media.Frame{}, io.EOF
	}
	at, err := t.clock.Wait(ctx, due)
	if err != nil {
		return media.Frame{}, err
	}
	start := t.n * packetSize % len(tone)
	t.n++
	data := append([]byte(nil), tone[start:start+packetSize]...)
	return media.Frame{Data: data, Time: at, Duration: packetTime, Key: true}, nil
}

// Close ends the source and a Read that waits. It is idempotent.
func (t *Tone) Close() error {
	t.clock.Close()
	return nil
}
