package pulse

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/pcm"
)

// format is that of all streams: the server converts from and to what the device has.
var format = pcm.Format{Rate: 48000, Channels: 1}

const (
	sampleSize  = 2                  // bytes
	bytesPerSec = 48000 * sampleSize // of all streams

	askEvery = 250 * time.Millisecond // how often the server is asked for its delay
	quiet    = time.Second            // without a word from the server: it is asked
	silences = 4                      // so many in a row, and it is taken for dead
)

func lasting(bytes int64) time.Duration { return time.Duration(bytes) * time.Second / bytesPerSec }
func inBytes(d time.Duration) uint32    { return uint32(d * bytesPerSec / time.Second) }

// A handler is what is different about a microphone and a speaker. All is called by the stream's goroutine.
type handler interface {
	sound(length uint32) error                // reads a frame of sound from the connection
	command(command uint32, r *reader) error  // takes a command that is for this stream
	ask() (tag uint32, mark int64, err error) // asks the server for the delay; mark is the position that it is about
	told(r *reader, mark int64) clock         // reads the answer
}

// A stream is what a microphone and a speaker share: a connection, and a goroutine, run, that reads all the server says.
type stream struct {
	c         *conn
	device    string        // for people: what was asked for
	name      string        // of the device that was asked for; empty for the default, which may change
	noMonitor bool          // of the default microphone: it may not be put on a monitor
	index     uint32        // by which the server calls the stream
	done      chan struct{} // closed when run has ended
	wake      chan struct{} // holds one token when there may be something new for Read or Write

	asked  time.Time // when the delay was asked for; belongs to run, as the next three
	query  uint32    // tag of that request
	mark   int64     // the position that it is about
	silent int       // deadlines in a row that passed without a word

	mu    sync.Mutex
	err   error // why it ended; nil while it lives
	clock clock
}

func newStream(c *conn, device, name string) *stream {
	return &stream{c: c, device: device, name: name, done: make(chan struct{}), wake: make(chan struct{}, 1)}
}

// run reads what the server says until the connection ends.
func (s *stream) run(h handler) {
	defer close(s.done)
	s.c.idle = func() error { return s.idle(h) }
	err := s.ask(h)
	for err == nil {
		err = s.step(h)
	}
	s.end(s.reason(err))
}

// step takes one frame, and asks for the delay when it is time.
func (s *stream) step(h handler) error {
	if err := s.c.nc.SetReadDeadline(time.Now().Add(quiet)); err != nil {
		return err
	}
	channel, length, err := s.c.next()
	if err != nil {
		return err
	}
	s.silent = 0
	switch channel {
	case s.index:
		err = h.sound(length)
	case control:
		err = s.heard(h, length)
	default:
		err = errMalformed // nothing else is open on this connection
	}
	if err == nil && time.Since(s.asked) >= askEvery {
		err = s.ask(h)
	}
	return err
}

// heard takes a command of length bytes.
func (s *stream) heard(h handler, length uint32) error {
	command, tag, r, err := s.c.parse(length)
	if err != nil {
		return err
	}
	switch command {
	case cmdReply:
		if tag != s.query {
			return nil
		}
		k := h.told(r, s.mark)
		if r.err == nil {
			s.mu.Lock()
			s.clock = k
			s.mu.Unlock()
		}
		return r.err
	case cmdPlaybackStreamKilled, cmdRecordStreamKilled:
		return gone(s.device, "it was removed from the sound server: plug it in again, or choose another")
	case cmdPlaybackStreamSuspended, cmdRecordStreamSuspended:
		r.skip(tagU32)
		return s.suspended(r.bool(), r)
	case cmdPlaybackStreamMoved, cmdRecordStreamMoved:
		r.skip(tagU32, tagU32)
		to := r.text()
		suspended := r.bool()
		if r.err == nil {
			r.err = s.landed(to, media.DeviceGone)
		}
		return s.suspended(suspended, r)
	}
	return h.command(command, r)
}

func (s *stream) suspended(now bool, r *reader) error {
	if r.err == nil && now {
		return &media.DeviceError{Device: s.device, Fault: media.DeviceBusy, Advice: suspendedAdvice}
	}
	return r.err
}

// ask asks for the delay.
func (s *stream) ask(h handler) (err error) {
	s.asked = time.Now()
	s.query, s.mark, err = h.ask()
	return err
}

// idle is called when the server has been quiet for a while. The answer to a question would end that.
func (s *stream) idle(h handler) error {
	if s.silent++; s.silent >= silences {
		return gone(s.device, noAnswer)
	}
	if err := s.c.nc.SetReadDeadline(time.Now().Add(quiet)); err != nil {
		return err
	}
	return s.ask(h)
}

// reason puts the end of the connection into words.
func (s *stream) reason(err error) error { return fault(s.device, err) }

// end notes why the stream ended, the first reason only, closes the connection and wakes who waits.
func (s *stream) end(err error) {
	s.mu.Lock()
	if s.err == nil {
		s.err = err
	}
	s.mu.Unlock()
	_ = s.c.nc.Close() // nothing is to be done about it
	s.signal()
}

func (s *stream) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// errClosed is what Read and Write say after Close.
var errClosed = fmt.Errorf("pulse: %w", os.ErrClosed)

// Close ends the stream from outside and waits for its goroutine.
func (s *stream) Close() error {
	s.end(errClosed)
	<-s.done
	return nil
}

// Format is 48 kHz mono.
func (s *stream) Format() pcm.Format { return format }

func (s *stream) now() clock {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.clock
}

// created reads what the answers to both commands that create streams end with: the device that the server chose.
func (s *stream) created(r *reader) error {
	format, channels, rate := r.spec()
	r.skip(tagChannelMap, tagU32)
	name := r.text()
	suspended := r.bool()
	switch {
	case r.err != nil:
		return r.err
	case format != s16le || channels != 1 || rate != 48000:
		return fmt.Errorf("%w: it does not convert samples", errMalformed)
	}
	if err := s.landed(name, media.DeviceMissing); err != nil {
		return err
	}
	return s.suspended(suspended, r)
}

// landed looks at the device on which the server has put the stream, and ends it with a fault if that will not do. Who
// wants the default has it moved: but no microphone is put on a monitor that nobody named, and everybody's sound goes to
// the other side.
func (s *stream) landed(on string, fault media.DeviceFault) error {
	advice := ""
	switch {
	case s.name != "" && on != s.name:
		advice = fmt.Sprintf("the sound server has us at %.100q instead: plug it in again, or choose another", on)
	case s.noMonitor && strings.HasSuffix(on, ".monitor"):
		advice = fmt.Sprintf("the default is a monitor, which hears what this machine plays: plug a microphone in, or ask for %.100q", on)
	default:
		return nil
	}
	return &media.DeviceError{Device: s.device, Fault: fault, Advice: advice}
}

// properties describe a stream to the user's mixer, and to the server's rules: other sound is turned down during a call,
// and an echo canceller put before it, where the server is set up so.
func properties() map[string]string {
	return map[string]string{"media.name": "Call", "media.role": "phone"}
}
