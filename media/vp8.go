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

// vp8Packing is RFC 7741.
type vp8Packing struct{}

func (vp8Packing) pack(t *localTrack, data []byte, _ bool) error {
	return packPlain(t, data, vp8DescriptorSize, func(b []byte, first, _ bool) { putVP8Descriptor(b, t.picture, first) })
}

// head reports false for a descriptor that is cut short or followed by nothing.
func (vp8Packing) head(b []byte) (h packetHead, ok bool) {
	if len(b) < 1 {
		return h, false
	}
	h.size = 1
	h.start = b[0]&0x10 != 0 && b[0]&0x07 == 0
	if b[0]&0x80 != 0 {
		if len(b) < 2 {
			return h, false
		}
		ext := b[1]
		h.size = 2
		if ext&0x80 != 0 {
			if h.id, h.mask, ok = pictureID(b[2:]); !ok {
				return h, false
			}
			h.size += h.idSize()
		}
		if ext&0x40 != 0 { // TL0PICIDX
			h.size++
		}
		if ext&0x30 != 0 { // TID, KEYIDX
			h.size++
		}
	}
	return h, len(b) > h.size
}

// join takes the descriptor off.
func (vp8Packing) join(j *joint, h packetHead, payload []byte) bool {
	if h.start != (len(j.data) == 0) {
		return false
	}
	j.data = append(j.data, payload[h.size:]...)
	return true
}

// pictureID reads a picture's number of 7 or 15 bits.
func pictureID(b []byte) (id, mask uint16, ok bool) {
	switch {
	case len(b) < 1:
		return 0, 0, false
	case b[0]&0x80 == 0:
		return uint16(b[0]), 0x7f, true
	case len(b) < 2:
		return 0, 0, false
	}
	return uint16(b[0]&0x7f)<<8 | uint16(b[1]), 0x7fff, true
}

// idSize is how many bytes the picture's number takes.
func (h packetHead) idSize() int {
	if h.mask == 0x7fff {
		return 2
	}
	return 1
}
