package file

import (
	"encoding/binary"
	"fmt"
	"io"
	"time"

	"github.com/sotto-calls/sotto/media"
)

const (
	ivfMagic       = "DKIF"
	ivfHeader      = 32 // bytes of the file's header
	ivfFrameHeader = 12 // bytes before each frame: its length and its timestamp
)

// ivfCodecs are the codecs of IVF files by their FourCC.
var ivfCodecs = map[string]media.Codec{"VP80": media.VP8, "VP90": media.VP9, "AV01": media.AV1}

// An IVFReader reads the VP8, VP9 or AV1 frames of an IVF file. It is for one goroutine.
//
// The file does not say how long a frame lasts: Duration is 0. Empty frames, by which some encoders mark a dropped
// picture, are passed over.
type IVFReader struct {
	in            *input
	codec         media.Codec
	timebase      Rational
	width, height int
	last          time.Duration
	failed        error
	head          [ivfFrameHeader]byte
}

// NewIVFReader reads the header of the file. An error is a *FormatError or what r returned.
func NewIVFReader(r io.Reader) (*IVFReader, error) {
	v := &IVFReader{in: newInput(r, "IVF")}
	var h [ivfHeader]byte
	if err := v.in.full(h[:]); err != nil {
		return nil, v.in.badAt(0, "shorter than an IVF header", err)
	}
	size := int64(binary.LittleEndian.Uint16(h[6:]))
	v.timebase = Rational{Num: binary.LittleEndian.Uint32(h[20:]), Den: binary.LittleEndian.Uint32(h[16:])}
	v.width = int(binary.LittleEndian.Uint16(h[12:]))
	v.codec = ivfCodecs[string(h[8:12])]
	v.height = int(binary.LittleEndian.Uint16(h[14:]))
	switch {
	case string(h[:4]) != ivfMagic:
		return nil, v.in.badAt(0, "it does not begin with DKIF", nil)
	case binary.LittleEndian.Uint16(h[4:]) != 0 || size < ivfHeader:
		return nil, v.in.badAt(0, "unknown version of IVF", nil)
	case ivfCodecs[string(h[8:12])] == "":
		return nil, v.in.badAt(0, fmt.Sprintf("its codec is %q, not VP80, VP90 or AV01", h[8:12]), nil)
	case v.timebase.Num == 0 || v.timebase.Den == 0:
		return nil, v.in.badAt(0, "its time base is zero", nil)
	}
	if err := v.in.skip(size - ivfHeader); err != nil {
		return nil, v.in.badAt(0, "shorter than its header says", err)
	}
	return v, nil
}

// Track gives the picture's size as the header has it.
func (v *IVFReader) Track() media.TrackInfo {
	return media.TrackInfo{Kind: media.Video, Codec: v.codec, ClockRate: 90000, Width: v.width, Height: v.height}
}

// Timebase is how many seconds one tick of the file's timestamps lasts.
func (v *IVFReader) Timebase() Rational { return v.timebase }

// ReadFrame returns the next frame.
func (v *IVFReader) ReadFrame() (media.Frame, error) {
	if v.failed != nil {
		return media.Frame{}, v.failed
	}
	f, err := v.next()
	v.failed = err
	return f, err
}

func (v *IVFReader) next() (media.Frame, error) {
	h := v.head[:]
	var at int64
	size := 0
	for size == 0 {
		at = v.in.offset
		if err := v.in.full(h); err == io.EOF {
			return media.Frame{}, io.EOF
		} else if err != nil {
			return media.Frame{}, v.in.badAt(at, "cut short in a frame's header", err)
		}
		claimed := binary.LittleEndian.Uint32(h)
		if claimed > MaxFrame {
			return media.Frame{}, v.in.badAt(at, fmt.Sprintf("a frame of %d bytes (at most %d)", claimed, MaxFrame), nil)
		}
		size = int(claimed)
	}
	t, ok := v.timebase.duration(binary.LittleEndian.Uint64(h[4:]))
	if !ok || t < v.last {
		return media.Frame{}, v.in.badAt(at, "timestamps out of order", nil)
	}
	data, err := v.in.bytes(size)
	if err != nil {
		return media.Frame{}, v.in.badAt(at, "cut short in a frame", err)
	}
	v.last = t
	return media.Frame{Data: data, Time: t, Key: parsePicture(v.codec, data).key}, nil
}
