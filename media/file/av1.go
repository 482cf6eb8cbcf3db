package file

// Types of OBUs (AV1 bitstream, section 6.2.2).
const (
	obuSequence  = 1
	obuDelimiter = 2
	obuHeader    = 3
	obuFrame     = 6
)

// delimiter is the OBU that a temporal unit in a file begins with. Encoders of calls leave it out.
var delimiter = []byte{obuDelimiter<<3 | 2, 0}

// delimited reports whether a temporal unit begins with its delimiter.
func delimited(unit []byte) bool { return len(unit) > 0 && unit[0]>>3&15 == obuDelimiter }

// parseAV1 reads the OBUs of a temporal unit: it can be decoded alone if it has a sequence header and its first frame is a
// key frame.
func parseAV1(unit []byte) (h pictureHeader) {
	sequence := false
	for len(unit) > 0 {
		kind, payload, rest, ok := nextOBU(unit)
		if !ok {
			return pictureHeader{}
		}
		unit = rest
		switch kind {
		case obuSequence:
			sequence = true
			h.width, h.height = sequenceSize(payload)
		case obuHeader, obuFrame:
			// show_existing_frame 0 and frame_type 0, in a stream that is no still picture
			h.key = sequence && len(payload) > 0 && payload[0]&0xe0 == 0
			if !h.key {
				return pictureHeader{}
			}
			return h
		}
	}
	return pictureHeader{}
}

// nextOBU takes the first OBU of a temporal unit off. One without a size lasts to the end.
func nextOBU(b []byte) (kind int, payload, rest []byte, ok bool) {
	head, b := b[0], b[1:]
	kind = int(head >> 3 & 15)
	if head&0x80 != 0 {
		return 0, nil, nil, false
	}
	if head&4 != 0 { // extension
		if len(b) == 0 {
			return 0, nil, nil, false
		}
		b = b[1:]
	}
	if head&2 == 0 {
		return kind, b, nil, true
	}
	size := 0
	for i := range min(len(b), 4) {
		size |= int(b[i]&0x7f) << (7 * i)
		if b[i]&0x80 == 0 {
			if b = b[i+1:]; size > len(b) {
				return 0, nil, nil, false
			}
			return kind, b[:size], b[size:], true
		}
	}
	return 0, nil, nil, false
}

// sequenceSize is the largest size of the pictures of a sequence (AV1 bitstream, section 5.5.1); 0 for one with timing
// information, which is seldom and not read here.
func sequenceSize(header []byte) (width, height int) {
	b := bitReader{data: header}
	b.read(4)           // seq_profile, still_picture
	if b.read(1) != 0 { // reduced_still_picture_header
		b.read(5)
	} else {
		if b.read(1) != 0 { // timing_info_present_flag
			return 0, 0
		}
		delays := b.read(1) != 0
		for range b.read(5) + 1 { // operating points
			b.read(12)
			if b.read(5) > 7 {
				b.read(1)
			}
			if delays && b.read(1) != 0 {
				b.read(4)
			}
		}
	}
	w, h := b.read(4)+1, b.read(4)+1
	width, height = b.read(w)+1, b.read(h)+1
	if b.short {
		return 0, 0
	}
	return width, height
}
