package pcm

import (
	"context"
	"errors"
	"io/fs"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/internal/opus"
)

// SpeakerConfig says where a [Speaker] plays.
type SpeakerConfig struct {
	// Open opens the device. Required. It is called at once, and again after the device was lost; its context ends when the
	// Output is not wanted any more.
	Open func(context.Context) (Output, error)
	// Volume is what samples are multiplied with; 0: 1, negative: 0.
	Volume float64
	// Processors see what is about to be played, one after the other, and may change it.
	Processors []Processor
	// Notify is told when the device went away and when it is back, which is once it has taken a second of sound, on the goroutine
	// that plays. It must not block or call Close. It may be nil.
	Notify func(media.DeviceEvent)
}

// A Speaker plays what is received, all tracks together, on an Output, whose clock it follows. Each track has a jitter buffer
// of its own. The device is open from NewSpeaker to Close, silent without tracks: make a Speaker for a call, or for many.
//
// When the device fails, Notify says so, it is opened again after 0.2 s, later every 2 s, and what comes meanwhile is not
// played later. One that is not built in or cannot do what is asked is not tried again; the sinks then fail with its error.
type Speaker struct {
	cfg     SpeakerConfig
	stop    context.CancelFunc
	stopped chan struct{} // the goroutine has ended

	volume atomic.Uint64 // float64 bits

	mu     sync.Mutex
	tracks []*incoming
	err    error // why sinks fail: a device without hope, or fs.ErrClosed

	// The goroutine's.
	sum    []int32
	one    []int16
	mix    []int16
	gain   fader
	limit  limiter
	counts speakerCounts
}

type speakerCounts struct {
	delay, resampler, underruns, lost atomic.Int64
	level                             atomic.Int64
	up                                atomic.Bool
}

// NewSpeaker opens the device, on a goroutine that ends with Close, and plays silence until there are tracks.
func NewSpeaker(cfg SpeakerConfig) (*Speaker, error) {
	if cfg.Open == nil {
		return nil, errors.New("pcm: SpeakerConfig.Open is required: it opens the device")
	}
	if cfg.Volume == 0 {
		cfg.Volume = 1
	}
	opus.Prepare()
	size := mono.Samples(block)
	s := &Speaker{cfg: cfg, stopped: make(chan struct{}), sum: make([]int32, size), one: make([]int16, size)}
	s.SetVolume(cfg.Volume)
	s.gain.gain = s.targetGain()
	s.counts.level.Store(silent)
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	go s.run(ctx)
	return s, nil
}

// Sink returns the sink of one track of Opus, PCMU or PCMA: a media.PromptSink. Closed, it is heard to the end of what its
// jitter buffer holds. There are at most 16: one more ends the rest of the one that was closed first, and is an error where
// none is closed.
func (s *Speaker) Sink(t media.TrackInfo) (media.Sink, error) {
	in, err := newIncoming(t, mono)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		_ = in.release()
		return nil, s.err
	}
	if s.tracks, err = join(s.tracks, in); err != nil {
		return nil, err
	}
	return &speakerSink{s: s, in: in}, nil
}

// SetVolume sets what samples are multiplied with from now on: 1 leaves them, 0 or less is silence, more than 1 is louder,
// as far as it fits. There is no step to be heard.
func (s *Speaker) SetVolume(v float64) {
	if math.IsNaN(v) {
		v = 0
	}
	s.volume.Store(math.Float64bits(min(max(v, 0), 16)))
}

func (s *Speaker) targetGain() float32 { return float32(math.Float64frombits(s.volume.Load())) }

// Close stops playing at once and returns when the device was let go. Sinks fail with fs.ErrClosed. It is idempotent.
func (s *Speaker) Close() error {
	s.fail(fs.ErrClosed)
	s.stop()
	<-s.stopped
	return nil
}

// fail makes all sinks fail, now and later.
func (s *Speaker) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
	}
	for _, in := range s.tracks {
		_ = in.release()
	}
	s.tracks = nil
}

// next makes the next block of the mix.
func (s *Speaker) next(now time.Time) {
	clear(s.sum)
	s.mu.Lock()
	ended := false
	for _, in := range s.tracks {
		if !in.pull(s.one, now) {
			_ = in.release()
			ended = true
		}
		for i, v := range s.one {
			s.sum[i] += int32(v)
		}
	}
	if ended {
		s.tracks = slices.DeleteFunc(s.tracks, (*incoming).gone)
	}
	s.mu.Unlock()
	s.gain.applySum(s.sum, s.targetGain(), volumeMove)
	s.mix = s.limit.apply(s.mix[:0], s.sum)
	s.counts.level.Store(int64(Level(s.mix)))
}

// volumeMove is in how many samples the volume changes by 1: 50 ms.
const volumeMove = rate / 20

// A speakerSink is one track's way to a Speaker.
type speakerSink struct {
	s  *Speaker
	in *incoming
}

// Prompt implements media.PromptSink.
func (k *speakerSink) Prompt() bool { return true }

// WriteFrame implements media.Sink.
func (k *speakerSink) WriteFrame(f media.Frame) error {
	err := k.in.put(f, time.Now())
	if err != nil {
		k.s.mu.Lock()
		defer k.s.mu.Unlock()
		if k.s.err != nil {
			return k.s.err
		}
	}
	return err
}

// Close implements media.Sink.
func (k *speakerSink) Close() error {
	k.in.close()
	return nil
}
