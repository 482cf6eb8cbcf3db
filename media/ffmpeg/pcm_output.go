package ffmpeg

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/sotto-calls/sotto/media/pcm"
)

// An output is something that ffmpeg can write to, in its own words.
type output struct {
	format, url string
	options     map[string]string
}

// newOutput checks an output.
func newOutput(format, url string, options map[string]string) (output, error) {
	o := output{format: format, url: url, options: maps.Clone(options)}
	var errs []error
	if !formatName.MatchString(format) {
		errs = append(errs, fmt.Errorf("ffmpeg: format %q: its name must be of a to z, 0 to 9 and _", format))
	}
	if strings.HasPrefix(url, "-") {
		errs = append(errs, fmt.Errorf("ffmpeg: output %q begins with -, which ffmpeg takes for an option", url))
	}
	if strings.ContainsRune(url, 0) {
		errs = append(errs, errNUL)
	}
	if url == "" {
		o.url = "sotto"
		if format == "alsa" {
			o.url = "default"
		}
	}
	return o, errors.Join(append(errs, checkOptions(options))...)
}

func (o output) args() []string {
	return append(append([]string{"-f", o.format}, optionArgs(o.options)...), o.url)
}

// Speaker returns what opens an output for sound of 48 kHz, mono, for pcm.SpeakerConfig.Open: ("pulse", "", nil) is the
// default speaker of PulseAudio and PipeWire, {"device": …} another; ("alsa", "hw:1", nil). Each call of it starts an
// ffmpeg, from PATH. url and options are as for [Format]: for the program's author, not for text from elsewhere.
func Speaker(format, url string, options map[string]string) func(context.Context) (pcm.Output, error) {
	return speaker("", format, url, options)
}

func speaker(path, format, url string, options map[string]string) func(context.Context) (pcm.Output, error) {
	return func(ctx context.Context) (pcm.Output, error) {
		out, err := newOutput(format, url, options)
		if err != nil {
			return nil, err
		}
		if format == "pulse" && out.options["buffer_duration"] == "" {
			out.options = maps.Clone(out.options)
			if out.options == nil {
				out.options = map[string]string{}
			}
			out.options["buffer_duration"] = "60" // ms; the default is a second
		}
		looking, cancel := context.WithTimeout(ctx, startTimeout)
		defer cancel()
		p, err := find(looking, path)
		if err != nil {
			return nil, err
		}
		c := command{op: "play to " + format, program: p.path, stdin: true} // without nobuffer: see playSink.start
		c.args = append([]string{"-nostdin", "-hide_banner", "-loglevel", "error", "-n", "-probesize", "32",
			"-f", "s16le", "-ar", "48000", "-ac", "1", "-i", "pipe:0", "-flush_packets", "1"}, out.args()...)
		proc, err := c.start()
		if err != nil {
			return nil, err
		}
		shrinkPipe(proc.stdin)
		return &pcmOutput{proc: proc, to: proc.stdin, name: format + " " + redact(out.url, nil)}, nil
	}
}

// A pcmOutput is a pcm.Output. It has no goroutine: the pipe is small, and writing waits for room in it.
type pcmOutput struct {
	proc *process
	to   *os.File
	name string
	buf  []byte

	mu      sync.Mutex
	start   time.Time // of what was written since the last time that nothing waited
	written time.Duration
	closed  bool
}

// Format is 48 kHz mono.
func (o *pcmOutput) Format() pcm.Format { return pcmFormat }

// Write waits until the pipe has taken the samples. It is for one goroutine.
func (o *pcmOutput) Write(ctx context.Context, samples []int16) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	o.buf = o.buf[:0]
	for _, s := range samples {
		o.buf = binary.LittleEndian.AppendUint16(o.buf, uint16(s))
	}
	cut := make(chan struct{})
	unblock := context.AfterFunc(ctx, func() {
		defer close(cut)
		_ = o.to.SetWriteDeadline(time.Unix(1, 0)) // fails where it is closed, as Write does
	})
	n, err := o.to.Write(o.buf)
	if !unblock() {
		<-cut // or the deadline would be set after it was taken back
		_ = o.to.SetWriteDeadline(time.Time{})
	}
	o.account(pcmFormat.Duration(n / 2))
	return o.failure(ctx, n, err)
}

// failure says what a failed write means. One that was cut off by ctx in the middle of a sample cannot be gone on from.
func (o *pcmOutput) failure(ctx context.Context, n int, err error) error {
	o.mu.Lock()
	closed := o.closed
	o.mu.Unlock()
	switch {
	case closed:
		return errClosed
	case err == nil:
		return nil
	case errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() != nil:
		if n%2 == 1 {
			o.proc.closePipes()
		}
		return ctx.Err()
	}
	if said := o.proc.finish(termGrace); said != nil {
		err = said
	} else {
		err = &Error{Op: o.proc.op, Words: o.proc.tail.words(), Err: err}
	}
	return deviceError(o.name, err, true)
}

func (o *pcmOutput) account(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if now := time.Now(); o.start.IsZero() || now.Sub(o.start) > o.written {
		o.start, o.written = now, 0
	}
	o.written += d
}

// Delay is what was written and cannot have been played yet. How long ffmpeg and the device take beside that is not known.
func (o *pcmOutput) Delay() time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.start.IsZero() {
		return 0
	}
	return max(o.written-time.Since(o.start), 0)
}

// Close stops at once and returns when the process has ended. It is idempotent.
func (o *pcmOutput) Close() error {
	o.mu.Lock()
	o.closed = true
	o.mu.Unlock()
	o.proc.stop()
	return nil
}
