package media

// The RTP payload of VP8 starts with a descriptor (RFC 7741, section 4.2). What follows it is ours: one clear byte and an
// SFrame, so nothing behind the descriptor is ever looked at.

const vp8DescriptorSize = 4 // as written here: always with a 15-bit picture ID

// putVP8Descriptor writes the descriptor of one packet of picture number id.
func putVP8Descriptor(b []byte, id uint16, first bool) {
	b[0] = 0x80 // X
	if first {
		b[0] |= 0x10 // S, partition 0
	}
	b[1] = 0x80 // I
	b[2] = 0x80 | byte(id>>8)
	b[3] = byte(id)
}

// A vp8Descriptor is what a received descriptor says.
type vp8Descriptor struct {
	size  int
	start bool   // the first packet of a picture
	id    uint16 // picture ID
	mask  uint16 // 0x7f or 0x7fff: the width of id; 0 without one
}

// parseVP8Descriptor reports false for a descriptor that is cut short or followed by nothing.
func parseVP8Descriptor(b []byte) (d vp8Descriptor, ok bool) {
	if len(b) < 1 {
		return d, false
	}
	d.size = 1
	d.start = b[0]&0x10 != 0 && b[0]&0x07 == 0
	if b[0]&0x80 != 0 {
		if len(b) < 2 {
			return d, false
		}
		ext := b[1]
		d.size = 2
		if ext&0x80 != 0 {
			if len(b) < 4 {
				return d, false
			}
			d.id, d.mask = uint16(b[2]&0x7f), 0x7f
			d.size = 3
			if b[2]&0x80 != 0 {
				d.id, d.mask = d.id<<8|uint16(b[3]), 0x7fff
				d.size = 4
			}
		}
		if ext&0x40 != 0 { // TL0PICIDX
			d.size++
		}
		if ext&0x30 != 0 { // TID, KEYIDX
			d.size++
		}
	}
	return d, len(b) > d.size
}
