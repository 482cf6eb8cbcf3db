package pcm

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/internal/pace"
)

const (
	writerBuffer = 60 * time.Second
	writerMost   = time.Hour            // of Buffer
	fadeOut      = 5 * time.Millisecond // at a Flush, and where the samples run out
)

// WriterConfig says what shape of samples a [Writer] takes and how they are encoded.
type WriterConfig struct {
	// Format is the samples' shape; the zero Format is 48 kHz mono.
	Format Format
	// Bitrate of Opus in bits a second; 0: 32000 a channel. It is constant, silence included, so that neither the size nor
	// the time of packets shows when something is said.
	Bitrate int
	// Codec is media.Opus, PCMU or PCMA; "": Opus. G.711 takes no encoder: it works in every build.
	Codec media.Codec
	// Label is the track's.
	Label string
	// Buffer is how much may wait to be sent, 20 ms to 1 h; 0: 60 s.
	Buffer time.Duration
}

// A Writer lets a program speak: a media.Source and media.RateSetter that sends what is written at the pace of a clock, and
// silence while nothing waits. Its methods may be called from any goroutine, Read by one at a time.
type Writer struct {
	format Format
	track  media.TrackInfo
	out    *outgoing
	clock  *pace.Clock

	next    time.Duration // when the next frame is due; this and samples are Read's
	samples []int16

	mu      sync.Mutex
	queue   queue
	tail    queue // what a Flush fades out
	run     runOut
	fresh   bool // the next Write begins a new count
	sent    int  // samples of the count that were handed to the encoder
	settled bool // a frame without anything written has been sent since
	flushes int
	losses  int // flushes that dropped something
	writing int // Writes that wait for room
	closed  bool
	moved   chan struct{} // closed when something changes for those who wait; nil while nobody does

	frames, silence int64
}

// NewWriter returns a Writer. All that is wrong in cfg is said at once.
func NewWriter(cfg WriterConfig) (*Writer, error) {
	f := cfg.Format.or()
	if cfg.Buffer == 0 {
		cfg.Buffer = writerBuffer
	}
	track, err := outgoingTrack(cfg.Codec, f, cfg.Label)
	err = errors.Join(err, f.valid())
	if cfg.Buffer < frame || cfg.Buffer > writerMost {
		err = errors.Join(err, fmt.Errorf("pcm: a buffer of %v: use 20 ms to 1 h; Write waits where more comes", cfg.Buffer))
	}
	if err != nil {
		return nil, err
	}
	out, err := newOutgoing(track, f, cfg.Bitrate)
	if err != nil {
		return nil, err
	}
	w := &Writer{format: f, track: track, out: out, clock: pace.New(), settled: true}
	w.samples = make([]int16, f.Samples(frame))
	w.queue.most, w.tail.most = f.Samples(cfg.Buffer), f.Samples(fadeOut)
	w.run = newRunOut(f)
	return w, nil
}

// Track implements media.Source.
func (w *Writer) Track() media.TrackInfo { return w.track }

// Format is the shape of the samples.
func (w *Writer) Format() Format { return w.format }

// Read implements media.Source: a frame of 20 ms when it is due.
func (w *Writer) Read(ctx context.Context) (media.Frame, error) {
	at, err := w.clock.Wait(ctx, w.next)
	if err != nil {
		return media.Frame{}, err
	}
	w.next += frame
	w.fill()
	data, err := w.out.encode(w.samples)
	if err != nil {
		return media.Frame{}, err
	}
	return media.Frame{Data: data, Time: at, Duration: frame, Key: true}, nil
}

// fill takes the samples of the next frame.
func (w *Writer) fill() {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := w.tail.pop(w.samples)
	said := w.queue.pop(w.samples[n:])
	n += said
	w.sent += said
	w.run.fill(w.samples, n)
	w.frames++
	if n == 0 {
		w.silence++
	}
	w.settled = n == 0
	w.wake()
}

// Write hands over samples, channels interleaved, and waits while too much waits to be sent. It keeps nothing of the slice.
// One goroutine should write at a time: what several write at once is said in pieces. When ctx ends first, a Flush drops
// the rest (ErrFlushed) or the Writer is closed (fs.ErrClosed), a part may have been taken.
func (w *Writer) Write(ctx context.Context, samples []int16) error {
	if len(samples)%w.format.Channels != 0 {
		return fmt.Errorf("pcm: %d values are not a multiple of %d channels", len(samples), w.format.Channels)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	flushes := w.flushes
	for {
		switch {
		case w.closed:
			return fs.ErrClosed
		case w.flushes != flushes:
			return ErrFlushed
		case len(samples) == 0:
			return nil
		}
		if w.fresh {
			w.fresh, w.sent = false, 0
		}
		w.settled = false
		samples = samples[w.queue.push(samples):]
		if len(samples) == 0 {
			return nil
		}
		w.writing++
		err := w.wait(ctx)
		w.writing--
		if err != nil {
			return err
		}
	}
}

// Flush drops what waits to be sent, and the rest of a Write that waits: for when the other side starts to speak. It
// returns what [Writer.Played] does. To end without a click, the next 5 ms of what is dropped are sent fading; they do not
// count.
func (w *Writer) Flush() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.queue.n > 0 {
		w.fadeTail()
	}
	if w.queue.n > 0 || w.writing > 0 {
		w.losses++
	}
	w.queue.drop(w.queue.n)
	w.flushes++
	w.fresh = true
	w.wake()
	return w.format.Duration(w.sent)
}

// fadeTail keeps the oldest samples of the queue, fading. A tail that is there already goes on.
func (w *Writer) fadeTail() {
	if w.tail.n > 0 {
		return
	}
	var few [2 * rate / 200]int16
	n := w.queue.peek(few[:w.tail.most])
	for i := range n {
		few[i] = int16(int(few[i]) * (n - i) / n)
	}
	w.tail.push(few[:n])
}

// Played is how much has been handed to the encoder of what was written since the first Write after the last Flush, or after
// the last Drain that succeeded. What the other side has heard is behind that by the time of the way: the frame, the
// network, its jitter buffer and its device. It is exact to the sample, and moves by frames of 20 ms.
func (w *Writer) Played() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.format.Duration(w.sent)
}

// Drain waits until all that was written is sent, and one frame of silence after it, which carries what the encoder holds
// back. Where somebody writes meanwhile it waits for that too. It ends with ErrFlushed when a Flush dropped something, with
// fs.ErrClosed, or with ctx's error. As long as nobody reads frames, because the call has no path or keys yet or is on hold,
// it waits.
func (w *Writer) Drain(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	losses := w.losses
	for {
		switch {
		case w.losses != losses:
			return ErrFlushed
		case w.settled && w.queue.n == 0:
			w.fresh = true
			return nil
		case w.closed:
			return fs.ErrClosed
		}
		if err := w.wait(ctx); err != nil {
			return err
		}
	}
}

// wait waits until something moved. Called with mu held, which it gives up meanwhile.
func (w *Writer) wait(ctx context.Context) error {
	if w.moved == nil {
		w.moved = make(chan struct{})
	}
	moved := w.moved
	w.mu.Unlock()
	defer w.mu.Lock()
	select {
	case <-moved:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// wake ends all waits. Needs mu.
func (w *Writer) wake() {
	if w.moved != nil {
		close(w.moved)
		w.moved = nil
	}
}

// SetBitrate implements media.RateSetter.
func (w *Writer) SetBitrate(bps int) { w.out.setBitrate(bps) }

// Close implements media.Source. Read, Write and Drain end with fs.ErrClosed.
func (w *Writer) Close() error {
	w.clock.Close()
	w.mu.Lock()
	w.closed = true
	w.wake()
	w.mu.Unlock()
	return w.out.close()
}
