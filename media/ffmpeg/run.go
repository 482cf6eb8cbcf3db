package ffmpeg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/file"
)

// A run is one process of a stream, from its start to its end.
type run struct {
	s      *Stream
	number int
	proc   *process
	pumps  []*pump
	first  chan struct{} // closed with the first frame
	once   sync.Once
	fed    atomic.Bool
	ended  chan struct{} // closed when all pumps have ended
	broken chan error    // what a pump could not read
}

// A pump moves the frames of one track from the process's pipe into its queue, on a goroutine of its own.
type pump struct {
	r      *run
	to     *source
	from   *os.File
	format file.Format
	reader file.FrameReader
	opened chan error // nil when reader is there; buffered
}

// launch starts a process and its pumps.
func (s *Stream) launch() (*run, error) {
	c, err := s.plan.command()
	if err != nil {
		return nil, err
	}
	proc, err := c.start()
	for _, f := range c.extra {
		_ = f.Close()
	}
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.starts++
	s.pid, s.arrived = proc.cmd.Process.Pid, time.Now()
	r := &run{s: s, number: s.starts, proc: proc, first: make(chan struct{}), ended: make(chan struct{}), broken: make(chan error, 2)}
	s.mu.Unlock()
	formats := map[*source]file.Format{s.audio: file.Ogg, s.video: file.IVF}
	if s.plan.cfg.Codec == media.H264 {
		formats[s.video] = flv
	}
	var pumping sync.WaitGroup
	for i, q := range s.tracks() {
		p := &pump{r: r, to: q, from: proc.out[i], format: formats[q], opened: make(chan error, 1)}
		r.pumps = append(r.pumps, p)
		pumping.Go(p.run)
	}
	go func() {
		pumping.Wait()
		close(r.ended)
	}()
	return r, nil
}

// run reads until the pipe ends.
func (p *pump) run() {
	reader, err := p.format(p.from)
	p.reader = reader
	p.opened <- err
	for err == nil {
		var f media.Frame
		if f, err = reader.ReadFrame(); err == nil {
			p.r.frame(p.to, f)
		}
	}
	if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, os.ErrClosed) {
		p.r.broken <- err
	}
	// What is left is of no use, but a process that cannot write does not end.
	_, _ = io.Copy(io.Discard, p.from)
}

// frame hands a frame over.
func (r *run) frame(to *source, f media.Frame) {
	r.once.Do(func() {
		r.fed.Store(true)
		close(r.first)
	})
	if to == r.s.watched() {
		r.s.mu.Lock()
		r.s.arrived = time.Now()
		r.s.mu.Unlock()
	}
	if r.s.live {
		to.offer(r.number, f)
	} else {
		to.push(f)
	}
}

// delivered reports whether a frame has come.
func (r *run) delivered() bool { return r.fed.Load() }

// opened waits until each track has begun.
func (r *run) opened(ctx context.Context) error {
	for _, p := range r.pumps {
		select {
		case err := <-p.opened:
			if err != nil {
				return r.why(err)
			}
		case <-ctx.Done():
			return &Error{Op: r.proc.op, Words: r.proc.tail.words(), Err: ctx.Err()}
		}
	}
	return nil
}

// why waits for a process whose pipe has ended, and says what was wrong with it. err is what the reader of the pipe saw.
func (r *run) why(err error) error {
	if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		r.proc.stop()
		return &Error{Op: r.proc.op, Words: r.proc.tail.words(), Err: err}
	}
	if failure := r.proc.finish(2 * time.Second); failure != nil {
		return failure
	}
	return &Error{Op: r.proc.op, Words: r.proc.tail.words(), Err: io.ErrUnexpectedEOF}
}

// carry returns when the process has ended: by itself, because nobody wants it any more, or because it stalled. The error
// is io.EOF if it ended well.
func (r *run) carry() error {
	defer r.stop()
	watch := time.NewTicker(time.Second)
	defer watch.Stop()
	first := r.first
	for {
		select {
		case <-first:
			first = nil
			if r.s.live {
				r.s.back()
			}
		case <-r.ended:
			if err := r.proc.finish(2 * time.Second); err != nil {
				return err
			}
			return r.ending()
		case err := <-r.broken:
			return r.why(err)
		case <-r.s.changed:
			if !r.s.wanted() {
				return errClosed
			}
		case <-r.s.ctx.Done():
			return errClosed
		case <-watch.C:
			if r.s.stalled(time.Now()) {
				r.stop()
				return &Error{Op: r.proc.op, Words: r.proc.tail.words(), Err: errStalled}
			}
		}
	}
}

// ending is the error of a process that ended well: io.EOF, or what was said where that tells why a device ended.
func (r *run) ending() error {
	select {
	case err := <-r.broken:
		return r.why(err)
	default:
	}
	if words := r.proc.tail.words(); r.s.live && words != "" {
		return &Error{Op: r.proc.op, Words: words, Err: io.ErrUnexpectedEOF}
	}
	return io.EOF
}

// stop ends the process and the pumps. It is idempotent.
func (r *run) stop() {
	r.proc.stop()
	<-r.ended
	r.s.mu.Lock()
	if r.s.pid == r.proc.cmd.Process.Pid {
		r.s.pid = 0
	}
	r.s.mu.Unlock()
}

// errStalled ends a process of a live input that hangs.
var errStalled = fmt.Errorf("nothing came for %v", stall)

// watched is the track that shows whether a live input goes on: its pictures or, where there are none, its sound.
func (s *Stream) watched() *source {
	if s.video != nil {
		return s.video
	}
	return s.audio
}

// stalled reports whether nothing came of a live input for long.
func (s *Stream) stalled(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.live && now.Sub(s.arrived) > stall
}
