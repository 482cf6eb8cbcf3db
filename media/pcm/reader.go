package pcm

import (
	"context"
	"time"

	"github.com/sotto-calls/sotto/media"
)

// ReaderConfig says in which shape a [Reader] yields sound.
type ReaderConfig struct {
	// Format is the samples' shape; the zero Format is 48 kHz mono.
	Format Format
	// Hear is told of every 10 ms, in order and one at a time, by WriteFrame or Read, whichever comes first when it is due.
	// It holds both up, so it must not block; of the Reader it may only call Stats and Format. It may be nil.
	Hear func(Voice)
}

// A Reader lets a program hear one participant: a media.Sink whose frames come out as samples, through a jitter buffer, in
// real time. What is lost is concealed and what is not there is silence, so a second of Read is a second.
//
// WriteFrame and Close are for the connection, Read is for one goroutine of the program.
type Reader struct {
	p   *playout
	in  *incoming
	tap *tap
}

// NewReader returns the Sink of a track of Opus, PCMU or PCMA.
func NewReader(t media.TrackInfo, cfg ReaderConfig) (*Reader, error) {
	f := cfg.Format.or()
	if err := f.valid(); err != nil {
		return nil, err
	}
	in, err := newIncoming(t, f)
	if err != nil {
		return nil, err
	}
	p := newPlayout(f, cfg.Hear)
	p.tracks = []*incoming{in}
	return &Reader{p: p, in: in, tap: p.tap(nil)}, nil
}

// Format is the shape of the samples.
func (r *Reader) Format() Format { return r.p.format }

// Prompt implements media.PromptSink: there is a jitter buffer here.
func (r *Reader) Prompt() bool { return true }

// WriteFrame implements media.Sink. Frames may come late, twice and in any order. After Close the error is fs.ErrClosed.
func (r *Reader) WriteFrame(f media.Frame) error {
	now := time.Now()
	r.p.advance(now)
	return r.in.put(f, now)
}

// Read fills buf with the samples that are due, waiting until there are some, and returns how many int16 values that are: a
// multiple of the channels, often less than len(buf). The clock begins at the first Read or frame. Who reads too late finds
// up to two seconds that wait; what is older is lost and counted. After Close it returns what is left, and then io.EOF.
func (r *Reader) Read(ctx context.Context, buf []int16) (int, error) { return r.tap.read(ctx, buf) }

// Close implements media.Sink. What the jitter buffer holds can be read at once.
func (r *Reader) Close() error {
	r.in.close()
	return r.p.drain()
}
