package ffmpeg

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sotto-calls/sotto/media/pcm"
)

// pcmFormat is what ffmpeg is asked for, and given.
var pcmFormat = pcm.Format{Rate: 48000, Channels: 1}

// maxPCM is how much sound of a microphone waits for who reads: what is older is dropped.
const maxPCM = 200 * time.Millisecond

// Microphone returns what opens an input as sound of 48 kHz, mono, for pcm.MicrophoneConfig.Open. Each call of it starts
// an ffmpeg, from PATH; the [pcm.Input] ends with io.EOF where a file ends, with a *media.DeviceError where a live input
// does. Closing it ends the process. A file is paced by ffmpeg's -re.
func Microphone(in Input) func(context.Context) (pcm.Input, error) { return microphone("", in) }

func microphone(path string, in Input) func(context.Context) (pcm.Input, error) {
	var worked atomic.Bool // it was open once
	return func(ctx context.Context) (pcm.Input, error) {
		if err := in.check(); err != nil {
			return nil, err
		}
		ctx, cancel := context.WithTimeout(ctx, startTimeout)
		defer cancel()
		p, err := find(ctx, path)
		if err != nil {
			return nil, err
		}
		m, err := openPCM(ctx, p, in.forVersion(p))
		if err != nil {
			return nil, in.failure(err, worked.Load())
		}
		worked.Store(true)
		return m, nil
	}
}

// A pcmInput is a pcm.Input. One goroutine moves samples from the pipe into ring.
type pcmInput struct {
	in    Input
	proc  *process
	from  *os.File
	ready chan struct{}
	begun chan struct{} // closed with the first samples or the end
	ended chan struct{} // closed when the goroutine has ended

	mu      sync.Mutex
	ring    []int16 // what waits lies at first and goes on for have
	first   int
	have    int
	dropped uint64 // samples
	end     error
	closed  bool
}

// openPCM starts ffmpeg and waits for its first samples.
func openPCM(ctx context.Context, p program, in Input) (*pcmInput, error) {
	c := command{op: "read " + in.name, program: p.path, secrets: in.secrets, outputs: 1}
	source, inherit, err := in.source(3)
	if err != nil {
		return nil, err
	}
	if inherit != nil {
		defer inherit.Close()
		c.extra = []*os.File{inherit}
	}
	pl := plan{program: p, in: in, cfg: Config{Channels: 1}}
	pl.in.rush = in.rush || !in.live
	c.args = append([]string{"-nostdin", "-hide_banner", "-loglevel", "error"}, pl.pacing()...)
	c.args = append(append(c.args, source...), "-map", "0:a:0", "-vn", "-sn", "-dn", "-af", audioFilter(in),
		"-ar", "48000", "-ac", "1", "-flush_packets", "1", "-f", "s16le", "pipe:1")
	proc, err := c.start()
	if err != nil {
		return nil, err
	}
	m := &pcmInput{
		in: in, proc: proc, from: proc.out[0], ready: make(chan struct{}, 1),
		begun: make(chan struct{}), ended: make(chan struct{}), ring: make([]int16, pcmFormat.Samples(maxPCM)),
	}
	go m.pump()
	select {
	case <-m.begun:
	case <-ctx.Done():
		err = &Error{Op: c.op, Words: proc.tail.words(), Err: ctx.Err()}
	}
	if err == nil {
		err = m.ending()
	}
	if err != nil && err != io.EOF {
		_ = m.Close()
		return nil, err
	}
	return m, nil
}

// ending is why nothing comes any more, if nothing ever came.
func (m *pcmInput) ending() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.have > 0 {
		return nil
	}
	return m.end
}

func (m *pcmInput) pump() {
	defer close(m.ended)
	var once sync.Once
	begin := func() { once.Do(func() { close(m.begun) }) }
	defer begin()
	buf := make([]byte, 4096)
	odd := 0 // a byte that waits for its other half
	begun := false
	for {
		if m.in.live && begun { // who opens it waits for the first
			_ = m.from.SetReadDeadline(time.Now().Add(stall)) // fails where it is closed, as Read does
		}
		n, err := m.from.Read(buf[odd:])
		n += odd
		if odd = n % 2; n > 1 {
			m.put(buf[:n-odd])
			begin()
			begun = true
		}
		if odd == 1 {
			buf[0] = buf[n-1]
		}
		if err != nil {
			m.finish(errors.Is(err, os.ErrDeadlineExceeded))
			return
		}
	}
}

// put appends samples to the ring, over the oldest if there is no room.
func (m *pcmInput) put(b []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for ; len(b) > 1; b = b[2:] {
		m.ring[(m.first+m.have)%len(m.ring)] = int16(binary.LittleEndian.Uint16(b))
		if m.have < len(m.ring) {
			m.have++
		} else {
			m.first = (m.first + 1) % len(m.ring)
			m.dropped++
		}
	}
	signal(m.ready)
}

// finish finds out why the pipe has ended, or ends a process that stalled.
func (m *pcmInput) finish(stalled bool) {
	var err error
	if stalled {
		m.proc.stop()
		err = &Error{Op: m.proc.op, Words: m.proc.tail.words(), Err: errStalled}
	} else {
		err = m.proc.finish(2 * time.Second)
	}
	switch {
	case err == nil && m.in.live:
		err = &Error{Op: m.proc.op, Words: m.proc.tail.words(), Err: io.ErrUnexpectedEOF}
	case err == nil:
		err = io.EOF
	}
	m.mu.Lock()
	m.end = err
	m.mu.Unlock()
	signal(m.ready)
}

// Format is 48 kHz mono.
func (m *pcmInput) Format() pcm.Format { return pcmFormat }

// Read waits for samples. It is for one goroutine.
func (m *pcmInput) Read(ctx context.Context, buf []int16) (int, error) {
	if len(buf) == 0 {
		return 0, errors.New("ffmpeg: Read into no samples")
	}
	for {
		if n, err := m.take(buf); n > 0 || err != nil {
			return n, err
		}
		select {
		case <-m.ready:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

func (m *pcmInput) take(buf []int16) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.closed:
		return 0, errClosed
	case m.have == 0 && m.end != nil && m.end != io.EOF:
		return 0, m.in.failure(m.end, true)
	case m.have == 0:
		return 0, m.end
	}
	n := min(len(buf), m.have)
	done := copy(buf[:n], m.ring[m.first:])
	copy(buf[done:n], m.ring)
	m.first = (m.first + n) % len(m.ring)
	m.have -= n
	return n, nil
}

// Delay is what waits here. What the device and ffmpeg hold back is not known.
func (m *pcmInput) Delay() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return pcmFormat.Duration(m.have)
}

// Close ends the process and returns when it has ended. It is idempotent.
func (m *pcmInput) Close() error {
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
	signal(m.ready)
	m.proc.stop()
	<-m.ended
	return nil
}
