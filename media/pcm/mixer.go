package pcm

import (
	"context"
	"io/fs"
	"slices"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/internal/opus"
)

// MixerConfig says in which shape a [Mixer] yields sound.
type MixerConfig struct {
	// Format is the samples' shape; the zero Format is 48 kHz mono.
	Format Format
}

// A Mixer makes one stream of samples of several participants, in real time: for a recording, or as a bridge between calls.
// What is too loud together is made quieter as a whole. Its methods may be called from any goroutine, Read by one at a time.
type Mixer struct {
	p    *playout
	err  error // what is wrong with the format
	main *tap
}

// NewMixer returns a Mixer without tracks, which is silent. A format that makes no sense is an error of Sink and Read.
func NewMixer(cfg MixerConfig) *Mixer {
	f := cfg.Format.or()
	err := f.valid()
	if err != nil {
		f = mono
	}
	opus.Prepare()
	p := newPlayout(f, nil)
	return &Mixer{p: p, err: err, main: p.tap(nil)}
}

// Format is the shape of the samples.
func (m *Mixer) Format() Format { return m.p.format }

// Sink returns the sink of one participant's track of Opus, PCMU or PCMA: a media.PromptSink. Closed, it is heard to the
// end of what its jitter buffer holds. There are at most 16: one more ends the rest of the one that was closed first, and is
// an error where none is closed. After the Mixer's Close the error is fs.ErrClosed.
func (m *Mixer) Sink(t media.TrackInfo) (media.Sink, error) {
	if m.err != nil {
		return nil, m.err
	}
	in, err := newIncoming(t, m.p.format)
	if err != nil {
		return nil, err
	}
	m.p.mu.Lock()
	defer m.p.mu.Unlock()
	if m.p.ended {
		_ = in.release()
		return nil, fs.ErrClosed
	}
	if m.p.tracks, err = join(m.p.tracks, in); err != nil {
		return nil, err
	}
	return &mixerSink{p: m.p, in: in}, nil
}

// Read fills buf with the samples of all that are due, as [Reader.Read] does; before the first track they are silence.
// After Close it returns what is left, and then io.EOF.
func (m *Mixer) Read(ctx context.Context, buf []int16) (int, error) {
	if m.err != nil {
		return 0, m.err
	}
	return m.main.read(ctx, buf)
}

// Except returns a stream of all but one participant, whose sink it is given: what a bridge plays to that one. A sink of
// another Mixer takes nobody out.
func (m *Mixer) Except(sink media.Sink) *Mix {
	var except *incoming
	if s, ok := sink.(*mixerSink); ok && s.p == m.p {
		except = s.in
	}
	return &Mix{err: m.err, tap: m.p.tap(except)}
}

// Close ends the mixed streams and refuses further frames. It is idempotent.
func (m *Mixer) Close() error { return m.p.end() }

// A Mix is a stream of all participants of a [Mixer] but one.
type Mix struct {
	err error
	tap *tap
}

// Read is [Mixer.Read] without the one.
func (x *Mix) Read(ctx context.Context, buf []int16) (int, error) {
	if x.err != nil {
		return 0, x.err
	}
	return x.tap.read(ctx, buf)
}

// Close ends this stream: what waits can still be read, and after it there is silence no more but io.EOF. The Mixer and
// its other streams go on.
func (x *Mix) Close() error {
	p := x.tap.p
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.Index(p.taps, x.tap); i >= 0 {
		p.taps = slices.Delete(p.taps, i, i+1)
		close(x.tap.quit)
	}
	return nil
}

// A mixerSink is one track's way into a Mixer.
type mixerSink struct {
	p  *playout
	in *incoming
}

func (s *mixerSink) Prompt() bool { return true }

func (s *mixerSink) WriteFrame(f media.Frame) error {
	now := time.Now()
	s.p.advance(now)
	return s.in.put(f, now)
}

func (s *mixerSink) Close() error {
	s.in.close()
	return nil
}
