package file

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/sotto-calls/sotto/media"
)

// A WAVWriter writes 16-bit PCM as a WAV file. It is a media.Sink for frames of codec PCM16; WriteFrame and Close are for
// one goroutine.
type WAVWriter struct {
	out   output
	block int // bytes of one sample of all channels
	begun bool
	rate  int
}

// NewWAVWriter returns a writer to w, which it takes over: Close closes w if that is an io.Closer. If w is no io.WriterAt
// the header says that the samples go on to the end of the file.
func NewWAVWriter(w io.Writer, rate, channels int) (*WAVWriter, error) {
	if rate < 8000 || rate > 192000 || channels < 1 || channels > 2 {
		return nil, fmt.Errorf("file: %d Hz, %d channels: a WAV file here has 8 to 192 kHz, mono or stereo", rate, channels)
	}
	return &WAVWriter{out: output{w: w}, block: 2 * channels, rate: rate}, nil
}

// WriteFrame appends samples. Times are not used.
func (w *WAVWriter) WriteFrame(f media.Frame) error {
	if err := checkFrame(&w.out, f); err != nil {
		return err
	}
	if len(f.Data)%w.block != 0 {
		return errors.New("file: half a sample")
	}
	if w.out.size+int64(len(f.Data)) > math.MaxUint32-wavHeader {
		return ErrSizeLimit // the format's own: its sizes have 32 bits
	}
	if !w.begun {
		w.begun = true
		if err := w.out.write(w.header(math.MaxUint32)); err != nil {
			return err
		}
	}
	return w.out.write(f.Data)
}

func (w *WAVWriter) header(data uint32) []byte {
	riff := data
	if data != math.MaxUint32 {
		riff = data + wavHeader - 8
	}
	b := binary.LittleEndian.AppendUint32([]byte("RIFF"), riff)
	b = append(b, "WAVEfmt "...)
	b = binary.LittleEndian.AppendUint32(b, 16)
	b = binary.LittleEndian.AppendUint16(b, wavPCM)
	b = binary.LittleEndian.AppendUint16(b, uint16(w.block/2))
	b = binary.LittleEndian.AppendUint32(b, uint32(w.rate))
	b = binary.LittleEndian.AppendUint32(b, uint32(w.rate*w.block))
	b = binary.LittleEndian.AppendUint16(b, uint16(w.block))
	b = binary.LittleEndian.AppendUint16(b, 16)
	b = append(b, "data"...)
	return binary.LittleEndian.AppendUint32(b, data)
}

// Close completes the header and closes the file. It is idempotent.
func (w *WAVWriter) Close() error {
	if w.out.closed {
		return nil
	}
	var err error
	if w.begun {
		err = w.out.patch(w.header(uint32(w.out.size-wavHeader)), 0)
	}
	return errors.Join(err, w.out.close())
}
