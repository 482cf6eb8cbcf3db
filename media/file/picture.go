package file

import (
	"encoding/binary"

	"github.com/sotto-calls/sotto/media"
)

// A pictureHeader is what a frame tells about itself.
type pictureHeader struct {
	key           bool
	width, height int // of a key frame, in pixels; 0 where it is not looked for
}

// parsePicture reads the header of a frame. A frame that is too short for what it claims is not a key frame.
func parsePicture(codec media.Codec, frame []byte) pictureHeader {
	switch codec {
	case media.VP8:
		return parseVP8(frame)
	case media.VP9:
		return parseVP9(frame)
	case media.AV1:
		return parseAV1(frame)
	case media.H264:
		return parseH264(frame)
	}
	return pictureHeader{}
}

// KeyFrame reports whether a frame of video looks like one that a decoder can begin with: its header says so, whatever its
// sender says. For H264 that is a slice of an IDR picture; the parameter sets may be elsewhere.
func KeyFrame(codec media.Codec, frame []byte) bool { return parsePicture(codec, frame).key }

// parseVP8 reads the frame tag and header of RFC 6386, section 9.1. A picture of no size is none.
func parseVP8(frame []byte) pictureHeader {
	const startCode = "\x9d\x01\x2a"
	if len(frame) < 10 || frame[0]&1 != 0 || string(frame[3:6]) != startCode {
		return pictureHeader{}
	}
	width := int(binary.LittleEndian.Uint16(frame[6:]) & 0x3fff) // the upper two bits ask for scaling
	height := int(binary.LittleEndian.Uint16(frame[8:]) & 0x3fff)
	return pictureHeader{key: width > 0 && height > 0, width: width, height: height}
}

// parseVP9 reads the uncompressed header of the VP9 bitstream, section 6.2, as far as the size.
func parseVP9(frame []byte) (h pictureHeader) {
	b := bitReader{data: frame}
	if b.read(2) != 2 { // frame_marker
		return h
	}
	profile := b.read(1) | b.read(1)<<1
	if profile == 3 {
		b.read(1)
	}
	if b.read(2) != 0 { // show_existing_frame, then frame_type, whose 0 is a key frame
		return h
	}
	b.read(2)
	if b.read(24) != 0x498342 {
		return h
	}
	if profile >= 2 {
		b.read(1) // ten or twelve bits
	}
	const rgb = 7
	if b.read(3) != rgb {
		b.read(1)
		if profile&1 != 0 {
			b.read(3)
		}
	} else if profile&1 != 0 {
		b.read(1)
	}
	w, height := b.read(16)+1, b.read(16)+1
	if b.short {
		return h
	}
	return pictureHeader{key: true, width: w, height: height}
}

// parseH264 looks for a slice of an IDR picture.
func parseH264(frame []byte) (h pictureHeader) {
	for i := 0; i+3 < len(frame); i++ {
		if frame[i] == 0 && frame[i+1] == 0 && frame[i+2] == 1 {
			switch frame[i+3] & 0x1f {
			case 5:
				return pictureHeader{key: true}
			case 1:
				return h
			}
		}
	}
	return h
}

// A bitReader reads numbers of some bits, the highest first. Behind the end all bits are 0, and short is set.
type bitReader struct {
	data  []byte
	at    int
	short bool
}

func (b *bitReader) read(n int) (v int) {
	for range n {
		v <<= 1
		if b.at/8 < len(b.data) {
			v |= int(b.data[b.at/8]>>(7-b.at%8)) & 1
		} else {
			b.short = true
		}
		b.at++
	}
	return v
}
