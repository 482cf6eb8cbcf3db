package pcm

import (
	"fmt"
	"io/fs"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/internal/jitter"
	"github.com/sotto-calls/sotto/media/internal/opus"
	"github.com/sotto-calls/sotto/media/internal/resample"
)

// drainMost is how much of a track that ended is still played.
const drainMost = 100 // blocks

// An incoming is one received track: a jitter buffer with its decoder, and what brings their sound into shape. Frames are
// put on the connection's goroutine and blocks are pulled on another.
type incoming struct {
	info   media.TrackInfo
	format Format // of what pull yields

	clock    int // samples a second of the buffer
	mu       sync.Mutex
	buffer   *jitter.Buffer
	decoder  interface{ Close() error }
	closing  bool
	drained  int    // blocks pulled since closing
	idle     uint64 // samples played that never came
	released bool
	up       *resample.Resampler // of G.711, where its rate is not the format's
	raw      []int16             // a block at the buffer's shape, where that is not the format
	wide     []int16             // between the resampler and the channels

	level atomic.Int64
}

// newIncoming prepares for frames of a track.
func newIncoming(t media.TrackInfo, f Format) (*incoming, error) {
	in := &incoming{info: t, format: f}
	in.level.Store(silent)
	cfg := jitter.Config{Rate: f.Rate, Channels: f.Channels}
	switch t.Codec {
	case media.Opus:
		decoder, err := opus.NewDecoder(f.Rate, f.Channels)
		if err != nil {
			return nil, err
		}
		in.decoder, cfg.Decoder = decoder, decoder
		cfg.Samples = func(packet []byte) (int, error) { return opus.Samples(packet, f.Rate) }
	case media.PCMU, media.PCMA:
		cfg.Rate, cfg.Channels = g711Rate, 1
		decoder := g711Decoder{a: t.Codec == media.PCMA}
		cfg.Decoder, cfg.Samples = decoder, decoder.samples
		if f.Rate != g711Rate {
			in.up = resample.New(g711Rate, f.Rate, 1)
		}
	default:
		return nil, fmt.Errorf("pcm: nothing here decodes %.32q: opus, PCMU and PCMA it can", t.Codec)
	}
	if cfg.Rate != f.Rate || cfg.Channels != f.Channels {
		in.raw = make([]int16, g711Rate/100)
	}
	in.clock = cfg.Rate
	var err error
	in.buffer, err = jitter.New(cfg)
	return in, err
}

// put takes over one frame.
func (in *incoming) put(f media.Frame, now time.Time) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.closing {
		return fs.ErrClosed
	}
	if len(f.Data) > 0 {
		in.buffer.Put(f.Data, f.Time, now)
	}
	return nil
}

// pull fills dst, 10 ms in the format, with what is to be heard next. It reports whether more may come.
func (in *incoming) pull(dst []int16, now time.Time) (more bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	switch {
	case in.released:
		clear(dst)
		return false
	case in.raw == nil:
		in.buffer.Pull(dst, now)
	default:
		in.pullShaped(dst, now)
	}
	in.level.Store(int64(Level(dst)))
	if in.closing {
		return in.drain(dst)
	}
	return true
}

// drain is pull's end once the track is closed: what never came is not made up any more.
func (in *incoming) drain(dst []int16) (more bool) {
	s := in.buffer.Stats()
	in.drained++
	if s.Delay > 0 && in.drained < drainMost && idle(s) == in.idle {
		return true
	}
	for i := range dst {
		dst[i] = int16(int(dst[i]) * (len(dst) - i) / len(dst))
	}
	return false
}

// pullShaped is pull where the buffer's shape is another one.
func (in *incoming) pullShaped(dst []int16, now time.Time) {
	in.buffer.Pull(in.raw, now)
	wide := in.raw
	if in.up != nil {
		in.wide = in.up.Resample(in.wide[:0], in.raw)
		wide = in.wide
	}
	reshape(dst[:0], wide, 1, in.format.Channels)
}

// close refuses further frames. What is there can still be pulled.
func (in *incoming) close() {
	in.mu.Lock()
	defer in.mu.Unlock()
	if !in.closing {
		in.closing, in.idle = true, idle(in.buffer.Stats())
	}
}

// release lets the decoder go.
func (in *incoming) release() error {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.released {
		return nil
	}
	in.closing, in.released = true, true
	in.level.Store(silent)
	if in.decoder == nil {
		return nil
	}
	return in.decoder.Close()
}

// gone reports whether release was called.
func (in *incoming) gone() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.released
}

// resampling is what the resampler adds.
func (in *incoming) resampling() time.Duration {
	if in.up == nil {
		return 0
	}
	return in.up.Delay()
}
