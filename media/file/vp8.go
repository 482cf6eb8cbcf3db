package file

import "encoding/binary"

// vp8Header is what a VP8 frame tells about itself in the clear (RFC 6386, section 9.1).
type vp8Header struct {
	key           bool
	width, height int // of a key frame, in pixels
}

// parseVP8 reads the header of a frame. A frame that is too short for what it claims is not a key frame.
func parseVP8(frame []byte) vp8Header {
	const startCode = "\x9d\x01\x2a"
	if len(frame) < 10 || frame[0]&1 != 0 || string(frame[3:6]) != startCode {
		return vp8Header{}
	}
	return vp8Header{
		key:    true,
		width:  int(binary.LittleEndian.Uint16(frame[6:]) & 0x3fff), // the upper two bits ask for scaling
		height: int(binary.LittleEndian.Uint16(frame[8:]) & 0x3fff),
	}
}
