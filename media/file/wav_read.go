package file

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"github.com/sotto-calls/sotto/media"
)

// PCM16 is uncompressed audio: 16-bit little-endian samples, channels interleaved. No call carries it: package
// pcm encodes samples for one.
const PCM16 media.Codec = "PCM16"

// A WAVReader reads 16-bit PCM from a WAV file in frames of 20 ms. It is for one goroutine.
type WAVReader struct {
	in       *input
	rate     int
	channels int
	left     int64 // bytes of samples still to come
	pos      uint64
	failed   error
}

// NewWAVReader reads the headers of the file. An error is a *FormatError or what r returned.
func NewWAVReader(r io.Reader) (*WAVReader, error) {
	w := &WAVReader{in: newInput(r, "WAV")}
	var h [12]byte
	if err := w.in.full(h[:]); err != nil {
		return nil, w.in.badAt(0, "shorter than a WAV header", err)
	}
	if string(h[:4]) != "RIFF" || string(h[8:]) != "WAVE" {
		return nil, w.in.badAt(0, "it does not begin with RIFF and WAVE", nil)
	}
	for w.left == 0 {
		if err := w.chunk(); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// chunk reads one chunk, or the header of the one that holds the samples.
func (w *WAVReader) chunk() error {
	at := w.in.offset
	var h [8]byte
	if err := w.in.full(h[:]); err != nil {
		return w.in.badAt(at, "no samples in it", noEOF(err))
	}
	size := int64(binary.LittleEndian.Uint32(h[4:]))
	switch string(h[:4]) {
	case "fmt ":
		return w.describe(at, size)
	case "data":
		if w.rate == 0 {
			return w.in.badAt(at, "samples before their format", nil)
		}
		if size == math.MaxUint32 || size == 0 { // written as a stream: until the end
			size = math.MaxInt64
		}
		w.left = size
		return nil
	}
	if err := w.in.skip(size + size&1); err != nil {
		return w.in.badAt(at, "cut short in a chunk", err)
	}
	return nil
}

func (w *WAVReader) describe(at, size int64) error {
	var f [40]byte
	if size < 16 {
		return w.in.badAt(at, "its format chunk is too short", nil)
	}
	n := min(size, int64(len(f)))
	if err := w.in.full(f[:n]); err != nil {
		return w.in.badAt(at, "cut short in a chunk", noEOF(err))
	}
	if err := w.in.skip(size + size&1 - n); err != nil {
		return w.in.badAt(at, "cut short in a chunk", err)
	}
	tag := binary.LittleEndian.Uint16(f[:])
	if tag == wavExtensible && n == 40 {
		tag = binary.LittleEndian.Uint16(f[24:]) // the sub-format begins with the tag proper
	}
	channels, bits := int(binary.LittleEndian.Uint16(f[2:])), binary.LittleEndian.Uint16(f[14:])
	rate := binary.LittleEndian.Uint32(f[4:])
	if tag != wavPCM || bits != 16 || channels < 1 || channels > 2 || rate < 8000 || rate > 192000 {
		return w.in.badAt(at, fmt.Sprintf("format %#x, %d bits, %d channels, %d Hz: only 16-bit PCM, mono or stereo, 8 to 192 kHz",
			tag, bits, channels, rate), nil)
	}
	w.rate, w.channels = int(rate), channels
	return nil
}

// Track gives the sample rate as ClockRate.
func (w *WAVReader) Track() media.TrackInfo {
	return media.TrackInfo{Kind: media.Audio, Codec: PCM16, ClockRate: w.rate, Channels: w.channels}
}

// ReadFrame returns the next 20 ms; the last frame may be shorter.
func (w *WAVReader) ReadFrame() (media.Frame, error) {
	if w.failed != nil {
		return media.Frame{}, w.failed
	}
	f, err := w.next()
	w.failed = err
	return f, err
}

func (w *WAVReader) next() (media.Frame, error) {
	block := 2 * w.channels
	want := int(min(int64(w.rate)/50*int64(block), w.left))
	data := make([]byte, want)
	n, err := io.ReadFull(w.in.r, data)
	w.in.offset += int64(n)
	w.left -= int64(n)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return media.Frame{}, err
	}
	if err != nil {
		w.left = 0 // a file that ends before its header says has been cut: what is there is good
	}
	n -= n % block
	if n == 0 {
		return media.Frame{}, io.EOF
	}
	tb := Rational{Num: 1, Den: uint32(w.rate)}
	f := media.Frame{Data: data[:n], Key: true}
	f.Time, _ = tb.duration(w.pos)
	f.Duration, _ = tb.duration(uint64(n / block))
	w.pos += uint64(n / block)
	return f, nil
}
