package file

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"time"

	"github.com/sotto-calls/sotto/media"
)

// IVFOptions describes the file that an IVFWriter writes. The zero value is right for the frames of a call.
type IVFOptions struct {
	Codec         media.Codec // VP8, VP9 or AV1; "": VP8
	Width, Height int         // pixels; 0: as the first key frame says
	Timebase      Rational    // seconds a tick; zero: 1/90000, the clock of video in RTP
}

// An IVFWriter writes VP8, VP9 or AV1 frames as an IVF file. It is a media.Sink: WriteFrame and Close are for one goroutine.
//
// Each frame is written as it comes, so a program that dies leaves a readable file. A writer that is an io.WriterAt, such
// as an *os.File at its beginning, gets the length of the video into its header; others leave that 0.
type IVFWriter struct {
	out     output
	options IVFOptions
	buf     []byte
	begun   bool
	ticks   uint64 // timestamp of the last frame
	step    uint64 // ticks between the last two frames
	stamped uint64 // the length that the header holds
}

var (
	errClosed    = fs.ErrClosed
	errEmpty     = fmt.Errorf("%w: it is empty", ErrFrame)
	errPacket    = fmt.Errorf("%w: %w", ErrFrame, errOpus)
	errStartCode = fmt.Errorf("%w: one of H264 begins with a start code", ErrFrame)
	errTooLarge  = fmt.Errorf("%w: it has more than 4 MiB", ErrFrame)
)

// NewIVFWriter returns a writer to w, which it takes over: Close closes w if that is an io.Closer. Nothing is written
// before the first frame.
func NewIVFWriter(w io.Writer, o IVFOptions) *IVFWriter {
	if o.Codec == "" {
		o.Codec = media.VP8
	}
	if o.Timebase == (Rational{}) {
		o.Timebase = Rational{Num: 1, Den: 90000}
	}
	return &IVFWriter{out: output{w: w}, options: o}
}

// WriteFrame appends a frame with its Time as timestamp; two frames never share one. A temporal unit of AV1 that lacks the
// delimiter gets one, since the format asks for it. Its Duration is used for the file's
// length only. A gap in Time is a gap in the file.
func (v *IVFWriter) WriteFrame(f media.Frame) error {
	if err := checkFrame(&v.out, v.options.Codec, f); err != nil {
		return err
	}
	ticks := v.options.Timebase.ticks(f.Time)
	var before []byte
	if v.options.Codec == media.AV1 && !delimited(f.Data) {
		before = delimiter
	}
	size := len(before) + len(f.Data)
	unit := ivfFrameHeader + size
	v.buf = v.buf[:0]
	if !v.begun {
		if err := v.header(f.Data); err != nil {
			return err
		}
		unit += ivfHeader
	} else {
		ticks = max(ticks, v.ticks+1)
	}
	if err := v.out.reserve(unit); err != nil {
		return err
	}
	v.buf = binary.LittleEndian.AppendUint32(v.buf, uint32(size))
	v.buf = binary.LittleEndian.AppendUint64(v.buf, ticks)
	v.buf = append(append(v.buf, before...), f.Data...)
	if err := v.out.write(v.buf); err != nil {
		return err
	}
	if v.begun {
		v.step = ticks - v.ticks
	}
	if d := v.options.Timebase.ticks(f.Duration); d > 0 {
		v.step = d
	}
	v.begun, v.ticks = true, ticks
	return v.stamp(false)
}

// checkFrame refuses what no writer of frames can write.
func checkFrame(o *output, codec media.Codec, f media.Frame) error {
	if o.closed {
		return errClosed
	}
	if err := checkData(codec, f.Data); err != nil {
		return err
	}
	return o.err
}

// checkData refuses what no file can hold as a frame of a codec.
func checkData(codec media.Codec, data []byte) error {
	switch {
	case len(data) == 0:
		return errEmpty
	case len(data) > MaxFrame:
		return errTooLarge
	case codec == media.Opus:
		if _, err := opusSamples(data); err != nil {
			return errPacket
		}
	case codec == media.H264 && !bytes.HasPrefix(data, []byte{0, 0, 1}) && !bytes.HasPrefix(data, []byte{0, 0, 0, 1}):
		return errStartCode
	}
	return nil
}

// header begins the file.
func (v *IVFWriter) header(first []byte) error {
	fourCC := ""
	for name, codec := range ivfCodecs {
		if codec == v.options.Codec {
			fourCC = name
		}
	}
	if fourCC == "" {
		return fmt.Errorf("file: an IVF file has no %q", v.options.Codec)
	}
	w, h := v.options.Width, v.options.Height
	if p := parsePicture(v.options.Codec, first); w == 0 || h == 0 {
		w, h = p.width, p.height
	}
	b := append(v.buf[:0], ivfMagic...)
	b = binary.LittleEndian.AppendUint16(b, 0)
	b = binary.LittleEndian.AppendUint16(b, ivfHeader)
	b = append(b, fourCC...)
	b = binary.LittleEndian.AppendUint16(b, uint16(w))
	b = binary.LittleEndian.AppendUint16(b, uint16(h))
	b = binary.LittleEndian.AppendUint32(b, v.options.Timebase.Den)
	b = binary.LittleEndian.AppendUint32(b, v.options.Timebase.Num)
	v.buf = binary.LittleEndian.AppendUint64(b, 0) // the length, see stamp, and four unused bytes
	return nil
}

// stamp writes the file's length in ticks into the header, at most once a second before the end, so that a file which is
// never closed has about the right one. (What some programs take for a count of frames is a duration to ffmpeg; for a
// file whose time base is its frame rate both are the same number.)
func (v *IVFWriter) stamp(end bool) error {
	length := min(v.ticks+v.step, math.MaxUint32)
	second := v.options.Timebase.ticks(time.Second)
	if length == v.stamped || !v.begun || !end && length < v.stamped+second {
		return nil
	}
	v.stamped = length
	return v.out.patch(binary.LittleEndian.AppendUint32(nil, uint32(length)), 24)
}

// Close completes the header and closes the file. It is idempotent.
func (v *IVFWriter) Close() error {
	if v.out.closed {
		return nil
	}
	return errors.Join(v.stamp(true), v.out.close())
}
