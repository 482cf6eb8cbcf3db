package file

import (
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/sotto-calls/sotto/media"
)

// A WAVWriter writes 16-bit PCM as a WAV file. It is a media.Sink for frames of codec PCM16; WriteFrame and Close are for
// one goroutine.
type WAVWriter struct {
	out    output
	format wavFormat
	begun  bool
}

// NewWAVWriter returns a writer to w, which it takes over: Close closes w if that is an io.Closer. If w is no io.WriterAt
// the header says that the samples go on to the end of the file.
func NewWAVWriter(w io.Writer, rate, channels int) (*WAVWriter, error) {
	if rate < 8000 || rate > 192000 || channels < 1 || channels > 2 {
		return nil, fmt.Errorf("file: %d Hz, %d channels: a WAV file here has 8 to 192 kHz, mono or stereo", rate, channels)
	}
	format := wavFormat{tag: wavPCM, rate: rate, channels: channels, bytes: 2}
	return &WAVWriter{out: output{w: w}, format: format}, nil
}

// WriteFrame appends samples. Times are not used.
func (w *WAVWriter) WriteFrame(f media.Frame) error {
	if err := checkFrame(&w.out, "", f); err != nil {
		return err
	}
	if len(f.Data)%w.format.block() != 0 {
		return errors.New("file: half a sample")
	}
	if w.out.size+int64(len(f.Data)) > math.MaxUint32-wavHeaderMax {
		return ErrSizeLimit // the format's own: its sizes have 32 bits
	}
	if !w.begun {
		w.begun = true
		if err := w.out.write(w.format.header(math.MaxUint32)); err != nil {
			return err
		}
	}
	return w.out.write(f.Data)
}

// Close completes the header and closes the file. It is idempotent.
func (w *WAVWriter) Close() error {
	if w.out.closed {
		return nil
	}
	var err error
	if w.begun {
		err = w.out.patch(w.format.header(uint32(w.out.size)-uint32(w.format.size())), 0)
	}
	return errors.Join(err, w.out.close())
}
