package synthetic

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/internal/pace"
	"github.com/sotto-calls/sotto/media/synthetic/internal/vp8"
)

// PatternOptions says what a Pattern looks like. The zero value is 640x360 at 30 frames a second, without an end.
type PatternOptions struct {
	Width, Height int           // pixels, 64 to 4096; 0: 640 and 360
	FPS           int           // frames a second, 1 to 120; 0: 30
	KeyInterval   time.Duration // between key frames; 0: 3 s; negative: only the first and those that are asked for
	Duration      time.Duration // when the source ends; 0: never
	Label         string        // the track's label; "": pattern
}

// A Pattern is a test picture: a media.Source and a media.KeyFramer.
type Pattern struct {
	options  PatternOptions
	clock    *pace.Clock
	painter  *painter
	encoder  *vp8.Encoder
	n        int // the next picture
	lastKey  int
	askedKey atomic.Bool
}

// quantiser is fine enough for 40 dB on this picture.
const quantiser = 24

// NewPattern checks the options, naming every fault.
func NewPattern(o PatternOptions) (*Pattern, error) {
	if o.Width == 0 && o.Height == 0 {
		o.Width, o.Height = 640, 360
	}
	if o.FPS == 0 {
		o.FPS = 30
	}
	if o.KeyInterval == 0 {
		o.KeyInterval = 3 * time.Second
	}
	if o.Label == "" {
		o.Label = "pattern"
	}
	var errs []error
	if o.Width < 64 || o.Height < 64 || o.Width > vp8.MaxSize || o.Height > vp8.MaxSize {
		errs = append(errs, fmt.Errorf("synthetic: %dx%d pixels: 64 to %d each way", o.Width, o.Height, vp8.MaxSize))
	}
	if o.FPS < 1 || o.FPS > 120 {
		errs = append(errs, fmt.Errorf("synthetic: %d frames a second: 1 to 120", o.FPS))
	}
	if o.Duration < 0 {
		errs = append(errs, errors.New("synthetic: the duration is negative"))
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	encoder, err := vp8.NewEncoder(o.Width, o.Height, quantiser)
	if err != nil {
		return nil, err
	}
	return &Pattern{options: o, clock: pace.New(), painter: newPainter(o.Width, o.Height), encoder: encoder}, nil
}

// Track describes the picture.
func (p *Pattern) Track() media.TrackInfo {
	return media.TrackInfo{
		Kind: media.Video, Codec: media.VP8, ClockRate: 90000,
		Width: p.options.Width, Height: p.options.Height, Label: p.options.Label,
	}
}

// Read returns the next frame when it is due, io.EOF after Duration, and an error that matches fs.ErrClosed after Close.
// After a pause in reading of more than a second the picture goes on where it was, and times have grown by the pause.
func (p *Pattern) Read(ctx context.Context) (media.Frame, error) {
	return p.frame(ctx, p.clock.Wait)
}

// frame encodes the next picture after wait has returned the time that it belongs to.
func (p *Pattern) frame(ctx context.Context, wait func(context.Context, time.Duration) (time.Duration, error)) (media.Frame, error) {
	due := p.time(p.n)
	if p.options.Duration > 0 && due >= p.options.Duration {
		return media.Frame{}, io.EOF
	}
	at, err := wait(ctx, due)
	if err != nil {
		return media.Frame{}, err
	}
	key := p.askedKey.Swap(false) || p.n == 0 ||
		p.options.KeyInterval > 0 && due-p.time(p.lastKey) >= p.options.KeyInterval
	if key {
		p.lastKey = p.n
	}
	data := p.encoder.Encode(p.painter.paint(p.n, p.options.FPS), key)
	p.n++
	return media.Frame{Data: data, Time: at, Duration: p.time(p.n) - due, Key: key}, nil
}

// time is when picture n is due, without the drift of adding up durations.
func (p *Pattern) time(n int) time.Duration {
	return time.Duration(n) * time.Second / time.Duration(p.options.FPS)
}

// ForceKeyFrame makes the next frame a key frame.
func (p *Pattern) ForceKeyFrame() { p.askedKey.Store(true) }

// Close ends the source and a Read that waits. It is idempotent.
func (p *Pattern) Close() error {
	p.clock.Close()
	return nil
}
