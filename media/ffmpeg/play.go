package ffmpeg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/file"
)

// PlayConfig says where what is received is played.
type PlayConfig struct {
	Program string // the path of ffmpeg; "": ffmpeg in PATH
	// Format is an output of ffmpeg: for video "sdl" (a window; URL is its title) or "xv", "fbdev", "v4l2"; for audio "pulse",
	// "alsa", "audiotoolbox". Any other works that takes one track. Required.
	Format string
	// URL and Options mean what they mean to the format. They are for the program's author, not for text from elsewhere.
	URL     string
	Options map[string]string
}

// maxSinks is how many tracks are played at once: each takes a process.
const maxSinks = 16

var errTooMany = fmt.Errorf("ffmpeg: play: more than %d tracks at once: close some", maxSinks)

// A Player plays received tracks, each with an ffmpeg of its own. It shows each picture as it comes: sound and picture are
// together as far as they arrive together. For sound that hides losses use package pcm with [Speaker].
type Player struct {
	program program
	out     output

	mu     sync.Mutex
	sinks  []*playSink // that are not closed; at most maxSinks
	closed bool
}

// Play checks cfg and looks for ffmpeg. Nothing starts before the first frame of a track.
func Play(cfg PlayConfig) (*Player, error) {
	out, err := newOutput(cfg.Format, cfg.URL, cfg.Options)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	p, err := find(ctx, cfg.Program)
	if err != nil {
		return nil, err
	}
	return &Player{program: p, out: out}, nil
}

// Sink plays a track, for call.Media.Receive. At most 16 play at once: the sink of one more refuses its frames.
func (p *Player) Sink(t media.TrackInfo) media.Sink {
	s := &playSink{p: p, info: t, ready: make(chan struct{}, 1), done: make(chan struct{})}
	s.q = queue{video: t.Kind == media.Video, span: playSpan, waitKey: t.Kind == media.Video}
	p.mu.Lock()
	defer p.mu.Unlock()
	s.closed = p.closed
	switch {
	case s.closed:
	case len(p.sinks) >= maxSinks:
		s.err = errTooMany
	default:
		p.sinks = append(p.sinks, s)
	}
	return s
}

// forget takes a sink out that is closed.
func (p *Player) forget(s *playSink) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sinks = slices.DeleteFunc(p.sinks, func(o *playSink) bool { return o == s })
}

// Close ends all tracks at once. It is idempotent.
func (p *Player) Close() error {
	p.mu.Lock()
	p.closed = true
	sinks := slices.Clone(p.sinks)
	p.mu.Unlock()
	var errs []error
	for _, s := range sinks {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

// A playSink is the sink of a track. A goroutine feeds the process, so that one that is slow costs frames, not the call.
type playSink struct {
	p     *Player
	info  media.TrackInfo
	ready chan struct{}
	done  chan struct{} // closed when the goroutine has ended

	mu     sync.Mutex
	q      queue
	proc   *process
	closed bool
	err    error
}

// WriteFrame never waits. It fails when ffmpeg has ended.
func (s *playSink) WriteFrame(f media.Frame) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return errClosed
	case s.err != nil:
		return s.err
	case len(f.Data) == 0:
		return nil
	case s.proc == nil:
		if s.err = s.start(); s.err != nil {
			return s.err
		}
	}
	s.q.offer(f)
	signal(s.ready)
	return nil
}

// start starts ffmpeg and the goroutine that feeds it. Needs mu.
func (s *playSink) start() error {
	var sink func(io.WriteCloser) media.Sink
	format := "ivf"
	switch s.info.Codec {
	case media.Opus:
		format = "ogg"
		sink = func(w io.WriteCloser) media.Sink { return file.NewOggWriter(w, file.OggOptions{PagePackets: 1}) }
	case media.H264:
		format = "flv"
		sink = func(w io.WriteCloser) media.Sink { return &flvWriter{w: w} }
	case media.VP8, media.VP9, media.AV1:
		sink = func(w io.WriteCloser) media.Sink { return file.NewIVFWriter(w, file.IVFOptions{Codec: s.info.Codec}) }
	default:
		return fmt.Errorf("ffmpeg: play: no way to hand over %q", s.info.Codec)
	}
	c := command{op: "play to " + s.p.out.format, program: s.p.program.path, stdin: true}
	// Not -fflags nobuffer: ffmpeg then drops the packets that it looks at first, and with them the first key frame.
	c.args = []string{"-nostdin", "-hide_banner", "-loglevel", "error", "-n", "-flags", "low_delay",
		"-probesize", "32", "-analyzeduration", "0", "-f", format, "-i", "pipe:0", "-map", "0:0"}
	if s.info.Kind == media.Video && s.p.out.format == "sdl" {
		c.args = append(c.args, "-pix_fmt", "yuv420p")
	}
	c.args = append(c.args, s.p.out.args()...)
	proc, err := c.start()
	if err != nil {
		return err
	}
	s.proc = proc
	go s.feed(proc, sink(proc.stdin))
	return nil
}

// feed writes what comes into the pipe until that breaks or the sink is closed, and then ends the process.
func (s *playSink) feed(proc *process, to media.Sink) {
	defer close(s.done)
	var failed error
	for failed == nil {
		f, open := s.next(proc)
		if !open {
			break
		}
		failed = to.WriteFrame(f)
	}
	_ = to.Close() // the end of its input lets ffmpeg play what it has and end
	err := proc.finish(time.Second)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.err = err
		if err == nil {
			s.err = &Error{Op: proc.op, Words: proc.tail.words(), Err: errors.Join(failed, io.ErrUnexpectedEOF)}
		}
	} else if failed != nil {
		s.err = err
	}
}

// next waits for a frame. open is false when there is no more, or nobody to take it.
func (s *playSink) next(proc *process) (f media.Frame, open bool) {
	for {
		s.mu.Lock()
		if len(s.q.frames) > 0 {
			f = s.q.take()
			s.mu.Unlock()
			return f, true
		}
		closed := s.closed
		s.mu.Unlock()
		if closed {
			return f, false
		}
		select {
		case <-s.ready:
		case <-proc.done:
			return f, false
		}
	}
}

// Close plays what is left, at most for a second, and ends ffmpeg. It is idempotent.
func (s *playSink) Close() error {
	defer s.p.forget(s) // only now: its process counts until it has ended
	s.mu.Lock()
	s.closed = true
	started := s.proc != nil
	s.mu.Unlock()
	signal(s.ready)
	if !started {
		return nil
	}
	timer := time.AfterFunc(time.Second, s.proc.closePipes) // a process that does not read
	defer timer.Stop()
	<-s.done
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}
