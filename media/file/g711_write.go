package file

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/sotto-calls/sotto/media"
)

// A G711Writer writes G.711 as a WAV file, as it came: 8 kHz, one byte a sample. It is a media.Sink: WriteFrame and Close are
// for one goroutine.
//
// The file begins with the first frame; a WAV file cannot say when that was. Where a later frame has something Missing before
// it, or comes more than 100 ms after what was written, the gap is filled with silence, so that what follows is in its place. A
// smaller step in time is a clock that was set, not a loss. Nor is anything put in for gaps that together are longer than the
// time since the first frame and a minute: a sender decides about times, and shall not make the file grow by what it does
// not send.
type G711Writer struct {
	out     output
	format  wavFormat
	silence byte

	begun  bool
	start  time.Time // when the first frame came
	next   uint64    // the sample after the last one, on the clock of Frame.Time
	filled uint64    // samples of all gaps that were filled
}

// lawRate is one tick of the 8 kHz clock of G.711.
var lawRate = Rational{Num: 1, Den: 8000}

// maxSilence is by how much the gaps that are filled may together be longer than the time that has really passed.
const maxSilence = time.Minute

// NewG711Writer returns a writer to w of codec media.PCMU or media.PCMA. It takes w over: Close closes w if that is an
// io.Closer. If w is no io.WriterAt the header says that the samples go on to the end of the file. Nothing is written
// before the first frame.
func NewG711Writer(w io.Writer, codec media.Codec) (*G711Writer, error) {
	format := wavFormat{rate: 8000, channels: 1, bytes: 1}
	switch codec {
	case media.PCMU:
		format.tag = wavMuLaw
		return &G711Writer{out: output{w: w}, format: format, silence: 0xff}, nil
	case media.PCMA:
		format.tag = wavALaw
		return &G711Writer{out: output{w: w}, format: format, silence: 0xd5}, nil
	}
	return nil, fmt.Errorf("file: %q is not G.711: want %q or %q", codec, media.PCMU, media.PCMA)
}

// WriteFrame appends samples. The frame's Duration is not used: each byte is a sample.
func (g *G711Writer) WriteFrame(f media.Frame) error {
	if err := checkFrame(&g.out, "", f); err != nil {
		return err
	}
	at := lawRate.ticks(f.Time)
	if !g.begun {
		if err := g.begin(at); err != nil {
			return err
		}
	}
	if err := g.fill(at, f.Missing > 0); err != nil {
		return err
	}
	return g.samples(f.Data)
}

func (g *G711Writer) begin(at uint64) error {
	if err := g.out.reserve(g.format.size() + 1); err != nil { // and what makes the length even
		return err
	}
	g.begun, g.start, g.next = true, time.Now(), at
	return g.out.write(g.format.header(math.MaxUint32))
}

// fill writes silence up to the time at, a second at once.
func (g *G711Writer) fill(at uint64, missing bool) error {
	if at <= g.next || !missing && at-g.next < lawRate.ticks(minGap) || at-g.next > g.room() {
		return nil
	}
	g.filled += at - g.next
	second := bytes.Repeat([]byte{g.silence}, 8000)
	for at > g.next {
		if err := g.samples(second[:min(at-g.next, 8000)]); err != nil {
			return err
		}
	}
	return nil
}

// room is how many samples may be filled now.
func (g *G711Writer) room() uint64 {
	return lawRate.ticks(maxSilence+time.Since(g.start)) - g.filled
}

func (g *G711Writer) samples(b []byte) error {
	if g.out.size+int64(len(b)) > math.MaxUint32-wavHeaderMax {
		return ErrSizeLimit // the format's own: its sizes have 32 bits
	}
	if err := g.out.reserve(len(b)); err != nil {
		return err
	}
	g.next += uint64(len(b))
	return g.out.write(b)
}

// Close completes the header and closes the file. It is idempotent.
func (g *G711Writer) Close() error {
	if g.out.closed {
		return nil
	}
	var err error
	if g.begun {
		err = g.end()
	}
	return errors.Join(err, g.out.close())
}

// end completes the file. A chunk of odd length has a byte behind it.
func (g *G711Writer) end() error {
	data := uint32(g.out.size) - uint32(g.format.size())
	if data%2 == 1 {
		if err := g.out.write([]byte{0}); err != nil {
			return err
		}
	}
	return g.out.patch(g.format.header(data), 0)
}
