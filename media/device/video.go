package device

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sotto-calls/sotto/media"
)

var errClosed = fmt.Errorf("device: %w", fs.ErrClosed)

// A Video is a camera or a screen that is encoded: a media.Source, media.KeyFramer, media.RateSetter and media.Muter. It
// takes pictures from the first Read on; before that the device is not in use. Muted, it lets the device go within a
// twentieth of a second, and opens it again afterwards.
//
// When the device goes away, Read waits, Notify is told why, and the device is opened again as soon as it is back: that is
// tried after 0.2 s, and then ever more rarely, up to every 2 s. The first frame after that is a key frame. Frame.Time is
// the time at which the picture was taken, whatever it waited for.
type Video struct {
	name   string // of the device, for events
	info   media.TrackInfo
	cfg    VideoConfig
	screen bool
	open   opener
	newest *newest

	life  context.Context // of the goroutine that takes pictures; ends with Close
	end   context.CancelFunc
	begun sync.Once
	done  chan struct{} // closed when that goroutine has ended

	mu      sync.Mutex
	muted   bool
	stop    context.CancelFunc // ends the use of the device that is open, if it is
	changed chan struct{}      // closed when muted changes

	key      atomic.Bool
	bitrate  atomic.Int64 // asked for, 0: nothing new
	captured atomic.Uint64
	encoded  atomic.Uint64
	skipped  atomic.Uint64

	enc     sync.Mutex // guards what is below: of whoever reads, and of Close
	encoder encoder
	began   time.Time // of the track
	last    time.Duration
}

// newVideo starts nothing. encode makes its encoder.
func newVideo(cfg VideoConfig, kind Kind, name string, open opener, encode encoderMaker) (*Video, error) {
	if cfg.Bitrate == 0 {
		cfg.Bitrate = usualBitrate(cfg.Width, cfg.Height, cfg.FrameRate)
	}
	if cfg.Label == "" {
		cfg.Label = name
	}
	enc, err := encode(cfg.Codec, encoderConfig{
		width: cfg.Width, height: cfg.Height, fps: cfg.FrameRate, bitrate: cfg.Bitrate, screen: kind == KindScreen,
	})
	if err != nil {
		return nil, err
	}
	v := &Video{
		name: name, cfg: cfg, screen: kind == KindScreen, open: open, encoder: enc,
		info: media.TrackInfo{
			Kind: media.Video, Codec: cfg.Codec, ClockRate: 90000, Width: cfg.Width, Height: cfg.Height, Label: cfg.Label,
		},
		newest: newNewest(cfg.Width, cfg.Height), done: make(chan struct{}), changed: make(chan struct{}),
	}
	v.life, v.end = context.WithCancel(context.Background())
	return v, nil
}

// Track describes the frames.
func (v *Video) Track() media.TrackInfo { return v.info }

// Read encodes the newest picture and returns it, waiting for one as long as there is none: the device is away, or muted.
// It fails with ctx.Err(), with what matches fs.ErrClosed after Close, or if the encoder fails. It is for one goroutine at a
// time, as every media.Source's: of several, each gets a part of the frames.
func (v *Video) Read(ctx context.Context) (media.Frame, error) {
	v.begun.Do(func() {
		v.began = time.Now()
		go v.run()
	})
	for {
		if v.life.Err() != nil {
			return media.Frame{}, errClosed
		}
		select {
		case <-ctx.Done():
			return media.Frame{}, ctx.Err()
		case <-v.life.Done():
			return media.Frame{}, errClosed
		case <-v.newest.ready:
		}
		f, err := v.encodeNewest()
		if err != nil || len(f.Data) > 0 {
			return f, err
		}
	}
}

// encodeNewest encodes the picture that waits. One picture is out at a time, whoever reads: newest has no more to spare.
func (v *Video) encodeNewest() (media.Frame, error) {
	v.enc.Lock()
	defer v.enc.Unlock()
	if v.life.Err() != nil {
		return media.Frame{}, errClosed
	}
	s := v.newest.take()
	if s == nil {
		return media.Frame{}, nil
	}
	defer v.newest.give(s)
	return v.encode(s)
}

// encode returns a frame without data where the rate control wants none. Needs enc.
func (v *Video) encode(s *shot) (media.Frame, error) {
	if bps := v.bitrate.Swap(0); bps != 0 {
		if err := v.encoder.setBitrate(int(bps)); err != nil {
			return media.Frame{}, err
		}
	}
	at := max(s.at.Sub(v.began), v.last+time.Millisecond, 0)
	key := v.key.Swap(false) || s.first
	data, isKey, err := v.encoder.encode(s.picture, at, key)
	if err != nil {
		return media.Frame{}, err
	}
	if len(data) == 0 {
		v.skipped.Add(1)
		if key {
			v.key.Store(true)
		}
		return media.Frame{}, nil
	}
	v.last = at
	v.encoded.Add(1)
	return media.Frame{Data: data, Time: at, Duration: time.Second / time.Duration(v.cfg.FrameRate), Key: isKey}, nil
}

// ForceKeyFrame makes the next frame a key frame.
func (v *Video) ForceKeyFrame() { v.key.Store(true) }

// SetBitrate sets the target in bits a second, from the next frame on. It is brought between 30,000 and 50,000,000.
func (v *Video) SetBitrate(bps int) { v.bitrate.Store(int64(min(max(bps, minRate), maxRate))) }

// SetMuted lets the device go, or opens it again. It returns at once.
func (v *Video) SetMuted(muted bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.muted == muted {
		return
	}
	v.muted = muted
	close(v.changed)
	v.changed = make(chan struct{})
	if muted && v.stop != nil {
		v.stop()
	}
}

// Close lets the device go and ends a Read that waits. It returns when the goroutine has ended, and is idempotent.
func (v *Video) Close() error {
	v.end()
	v.begun.Do(func() { close(v.done) })
	<-v.done
	v.enc.Lock()
	defer v.enc.Unlock()
	if v.encoder == nil {
		return nil
	}
	err := v.encoder.close()
	v.encoder = nil
	return err
}

// VideoStats counts pictures since the start.
type VideoStats struct {
	Captured uint64 // taken at the rate that was asked for
	Dropped  uint64 // of those, replaced by a newer one before they were encoded: whoever reads is slow
	Skipped  uint64 // of those, left out by the rate control
	Encoded  uint64 // of those, returned by Read
}

// Stats may be called at any time.
func (v *Video) Stats() VideoStats {
	return VideoStats{
		Captured: v.captured.Load(), Dropped: v.newest.dropped.Load(), Skipped: v.skipped.Load(), Encoded: v.encoded.Load(),
	}
}

// deviceError makes what lies beneath a *media.DeviceError, unless it is one.
func deviceError(device string, fault media.DeviceFault, advice string, err error) error {
	if e, ok := errors.AsType[*media.DeviceError](err); ok {
		return e
	}
	return &media.DeviceError{Device: device, Fault: fault, Advice: advice, Err: err}
}
