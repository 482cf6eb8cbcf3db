package pcm

import (
	"context"
	"errors"
	"io/fs"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sotto-calls/sotto/media"
)

// MicrophoneConfig says what a [Microphone] hears and what becomes of it.
type MicrophoneConfig struct {
	// Open opens the device. Required. It is called at the first Read, and again after the device was lost or the
	// Microphone unmuted; its context ends when the Input is not wanted any more.
	Open func(context.Context) (Input, error)
	// Label is the track's, and the device's name in events where its error has none; "": "microphone".
	Label string
	// Bitrate of Opus in bits a second; 0: 32000. It is constant, so that the size of packets says nothing of what is said.
	Bitrate int
	// Codec is media.Opus, PCMU or PCMA; "": Opus.
	Codec media.Codec
	// Processors work on what is heard, one after the other, before Hear and the encoder.
	Processors []Processor
	// Hear is told of every 10 ms, on the goroutine that reads the device. It must not block or call Close. It may be nil.
	Hear func(Voice)
	// Notify is told when the device went away and when it is back, on the goroutine that reads the device. It must not
	// block or call Close. It may be nil.
	Notify func(media.DeviceEvent)
}

// A Microphone encodes what an Input hears: a media.Source, media.Muter and media.RateSetter.
//
// Its device is open from the first Read to Close, but not while it is muted. When it fails, Notify says so, nothing is
// sent, and it is opened again after 0.2 s, later every 2 s; frames then go on, their time moved on by what has passed. A
// device that is not built in or cannot do what is asked ends the source with that error, and the end of an Input (io.EOF)
// with io.EOF.
type Microphone struct {
	cfg   MicrophoneConfig
	track media.TrackInfo
	out   *outgoing

	mu      sync.Mutex
	blocks  blockRing
	muted   bool
	unmute  chan struct{}      // closed when muted becomes false; nil while it is
	session context.CancelFunc // ends the use of the device; nil while there is none
	stop    context.CancelFunc // ends the goroutine; nil before the first Read
	closed  bool
	err     error // why Read ends

	ready   chan struct{} // holds one when there may be something to read
	ended   chan struct{} // closed with err set
	stopped chan struct{} // the goroutine has ended

	samples []int16 // of one frame; Read's
	stats   microphoneCounts
}

type microphoneCounts struct {
	frames, dropped, lost, level atomic.Int64
	input, resampler             atomic.Int64
	speaking, up                 atomic.Bool
}

// quiet says that nothing is heard.
func (c *microphoneCounts) quiet() {
	c.up.Store(false)
	c.speaking.Store(false)
	c.level.Store(silent)
}

// NewMicrophone returns a Microphone that opens nothing yet. What is wrong in cfg is said at once.
func NewMicrophone(cfg MicrophoneConfig) (*Microphone, error) {
	if cfg.Label == "" {
		cfg.Label = "microphone"
	}
	track, err := outgoingTrack(cfg.Codec, mono, cfg.Label)
	if cfg.Open == nil {
		err = errors.Join(err, errors.New("pcm: MicrophoneConfig.Open is required: it opens the device"))
	}
	if err != nil {
		return nil, err
	}
	out, err := newOutgoing(track, mono, cfg.Bitrate)
	if err != nil {
		return nil, err
	}
	m := &Microphone{cfg: cfg, track: track, out: out, samples: make([]int16, 0, mono.Samples(frame))}
	m.ready, m.ended, m.stopped = make(chan struct{}, 1), make(chan struct{}), make(chan struct{})
	m.stats.quiet()
	return m, nil
}

// Track implements media.Source.
func (m *Microphone) Track() media.TrackInfo { return m.track }

// Read implements media.Source. The first call opens the device. While the device is away or muted it waits.
func (m *Microphone) Read(ctx context.Context) (media.Frame, error) {
	m.begin()
	for {
		err := m.fault() // before take: what was heard before the end is read before it
		if at, ok := m.take(); ok {
			return m.encode(at)
		}
		if err != nil {
			return media.Frame{}, err
		}
		select {
		case <-m.ready:
		case <-m.ended:
		case <-ctx.Done():
			return media.Frame{}, ctx.Err()
		}
	}
}

// encode makes a frame of what take took.
func (m *Microphone) encode(at time.Duration) (media.Frame, error) {
	data, err := m.out.encode(m.samples)
	if err != nil {
		return media.Frame{}, err
	}
	m.stats.frames.Add(1)
	return media.Frame{Data: data, Time: at, Duration: frame, Key: true}, nil
}

// fault is why the source has ended, or nil.
func (m *Microphone) fault() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.err
}

// end ends Read with an error. The first one counts.
func (m *Microphone) end(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err == nil {
		m.err = err
		close(m.ended)
	}
}

// begin starts the goroutine.
func (m *Microphone) begin() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stop == nil && !m.closed {
		ctx, stop := context.WithCancel(context.Background())
		m.stop = stop
		go m.run(ctx)
	}
}

// take moves one frame into samples and says when it began.
func (m *Microphone) take() (time.Duration, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var ok bool
	var at time.Duration
	m.samples, at, ok = m.blocks.frame(m.samples[:0])
	return at, ok
}

// SetMuted implements media.Muter: muted, the device is let go at once, and what was heard and not read is forgotten.
func (m *Microphone) SetMuted(muted bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.muted == muted {
		return
	}
	m.muted = muted
	if !muted {
		close(m.unmute)
		m.unmute = nil
		return
	}
	m.unmute = make(chan struct{})
	m.blocks.clear()
	if m.session != nil {
		m.session()
	}
}

// SetBitrate implements media.RateSetter.
func (m *Microphone) SetBitrate(bps int) { m.out.setBitrate(bps) }

// Close implements media.Source: it lets the device go and returns when that is done. Read ends with fs.ErrClosed.
func (m *Microphone) Close() error {
	m.mu.Lock()
	m.closed = true
	m.blocks.clear()
	stop := m.stop
	m.mu.Unlock()
	m.end(fs.ErrClosed)
	if stop != nil {
		stop()
		<-m.stopped
	}
	return m.out.close()
}
