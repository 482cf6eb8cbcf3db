package ffmpeg

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/file"
)

// H264 comes out of ffmpeg, and goes back into it, as FLV (Adobe Flash Video File Format Specification, version 10.1, annex
// E): of the formats that can be written to a pipe it is the simplest with a time at each picture. A bare byte stream has
// no times, and shows that a picture is whole only when the next one begins, which would be a thirtieth of a second late.

const (
	flvHeader = "FLV\x01\x01\x00\x00\x00\x09\x00\x00\x00\x00" // there is video; nine bytes; no tag before
	flvVideo  = 9
	flvAVC    = 7

	avcConfig = 0
	avcFrame  = 1

	maxSets = 64 << 10 // bytes of parameter sets
)

const nalSlice, nalIDR, nalSPS, nalPPS, nalAUD = 1, 5, 7, 8, 9

var startCode = []byte{0, 0, 0, 1}

var errFLV = errors.New("ffmpeg: not the FLV that ffmpeg writes")

// A flvReader yields the pictures of the H264 track in Annex B, with the parameter sets before each key frame.
type flvReader struct {
	r      *bufio.Reader
	sets   []byte // parameter sets in Annex B
	failed error
}

// flv is a file.Format.
func flv(r io.Reader) (file.FrameReader, error) {
	f := &flvReader{r: bufio.NewReaderSize(r, 16<<10)}
	var head [9]byte
	if _, err := io.ReadFull(f.r, head[:]); err != nil {
		return nil, noEOF(err)
	}
	size := int(binary.BigEndian.Uint32(head[5:]))
	if string(head[:4]) != flvHeader[:4] || size < 9 || size > 1024 {
		return nil, errFLV
	}
	if _, err := f.r.Discard(size - 9 + 4); err != nil {
		return nil, noEOF(err)
	}
	return f, nil
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Track says H264; its size stands in the parameter sets, which are not looked into.
func (f *flvReader) Track() media.TrackInfo {
	return media.TrackInfo{Kind: media.Video, Codec: media.H264, ClockRate: 90000}
}

// ReadFrame returns the next picture.
func (f *flvReader) ReadFrame() (media.Frame, error) {
	for f.failed == nil {
		frame, ok, err := f.tag()
		f.failed = err
		if ok && err == nil {
			return frame, nil
		}
	}
	return media.Frame{}, f.failed
}

// tag reads one tag. ok: it holds a picture.
func (f *flvReader) tag() (frame media.Frame, ok bool, err error) {
	var head [11]byte
	if _, err := io.ReadFull(f.r, head[:]); err != nil {
		return frame, false, err // io.EOF between two tags is the end
	}
	size := int(head[1])<<16 | int(head[2])<<8 | int(head[3])
	if size > file.MaxFrame {
		return frame, false, errFLV
	}
	if head[0] != flvVideo {
		_, err := f.r.Discard(size + 4)
		return frame, false, noEOF(err)
	}
	body, err := readGrowing(f.r, size+4)
	if err != nil {
		return frame, false, noEOF(err)
	}
	ms := int64(head[7])<<24 | int64(head[4])<<16 | int64(head[5])<<8 | int64(head[6])
	return f.video(body[:size], ms)
}

// readGrowing reads n bytes and sets memory aside as they come.
func readGrowing(r io.Reader, n int) ([]byte, error) {
	const growth = 64 << 10
	b := make([]byte, min(n, growth))
	for have := 0; ; {
		m, err := io.ReadFull(r, b[have:])
		if have += m; err != nil || have == n {
			return b, err
		}
		b = append(b, make([]byte, min(n-have, have))...)
	}
}

// video takes the body of a video tag apart.
func (f *flvReader) video(b []byte, ms int64) (frame media.Frame, ok bool, err error) {
	if len(b) < 5 || b[0]&15 != flvAVC {
		return frame, false, errFLV
	}
	composition := int64(int32(uint32(b[2])<<24|uint32(b[3])<<16|uint32(b[4])<<8) >> 8)
	switch b[1] {
	case avcConfig:
		f.sets, err = parameterSets(b[5:])
		return frame, false, err
	case avcFrame:
		frame.Time = time.Duration(max(ms+composition, 0)) * time.Millisecond
		frame.Data, frame.Key, err = f.annexB(b[5:])
		return frame, len(frame.Data) > 0, err
	}
	return frame, false, nil // the end of the sequence
}

// parameterSets turns an AVCDecoderConfigurationRecord (ISO/IEC 14496-15, section 5.2.4.1) into Annex B.
func parameterSets(b []byte) (sets []byte, err error) {
	if len(b) < 6 || b[0] != 1 || b[4]&3 != 3 || len(b) > maxSets {
		return nil, errFLV
	}
	b = b[5:]
	for _, mask := range []byte{31, 255} { // the numbers of SPS and PPS
		if len(b) < 1 {
			return nil, errFLV
		}
		n := int(b[0] & mask)
		b = b[1:]
		for range n {
			if len(b) < 2 {
				return nil, errFLV
			}
			size := int(binary.BigEndian.Uint16(b))
			if size == 0 || size > len(b)-2 {
				return nil, errFLV
			}
			sets = append(append(sets, startCode...), b[2:2+size]...)
			b = b[2+size:]
		}
	}
	return sets, nil
}

// annexB puts start codes where the lengths are. Access unit delimiters are left out: RTP marks the end of a picture.
func (f *flvReader) annexB(b []byte) (out []byte, key bool, err error) {
	var own bool // it brings its own parameter sets
	var units []byte
	for len(b) > 0 {
		if len(b) < 4 {
			return nil, false, errFLV
		}
		size := binary.BigEndian.Uint32(b)
		if size == 0 || uint64(size) > uint64(len(b)-4) {
			return nil, false, errFLV
		}
		unit := b[4 : 4+size]
		b = b[4+size:]
		switch unit[0] & 31 {
		case nalAUD:
			continue
		case nalSPS:
			own = true
		case nalIDR:
			key = true
		}
		units = append(append(units, startCode...), unit...)
	}
	if key && !own && len(units) > 0 {
		return append(append(make([]byte, 0, len(f.sets)+len(units)), f.sets...), units...), true, nil
	}
	return units, key, nil
}
