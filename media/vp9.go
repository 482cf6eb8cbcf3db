package media

// The RTP payload of VP9 starts with a descriptor (RFC 9628, section 4.2). What follows it is an SFrame, one for each
// spatial layer of a picture. So the descriptor alone says where a layer begins and whether the picture is a key frame:
// here it says so in flexible mode, in which nothing of it depends on what is behind it.

const (
	vp9HasID      = 0x80 // I
	vp9Predicted  = 0x40 // P: needs an earlier picture
	vp9HasLayers  = 0x20 // L
	vp9Flexible   = 0x10 // F
	vp9LayerStart = 0x08 // B
	vp9LayerEnd   = 0x04 // E
	vp9HasScheme  = 0x02 // V

	vp9DescriptorSize = 4 // as written here at most: a 15-bit picture ID, and one reference
)

// vp9Packing is RFC 9628.
type vp9Packing struct{}

// pack writes a picture of one layer, which refers to the one before it unless it is a key frame.
func (vp9Packing) pack(t *localTrack, data []byte, key bool) error {
	size, flags := vp9DescriptorSize, byte(vp9HasID|vp9Flexible|vp9Predicted)
	if key {
		size, flags = vp9DescriptorSize-1, vp9HasID|vp9Flexible
	}
	return packPlain(t, data, size, func(b []byte, first, last bool) {
		b[0], b[1], b[2] = flags, 0x80|byte(t.picture>>8), byte(t.picture)
		if first {
			b[0] |= vp9LayerStart
		}
		if last {
			b[0] |= vp9LayerEnd
		}
		if !key {
			b[3] = 1 << 1 // P_DIFF 1, and no further one
		}
	})
}

// head reports false for a descriptor that is cut short or followed by nothing.
func (vp9Packing) head(b []byte) (h packetHead, ok bool) {
	if len(b) < 1 {
		return h, false
	}
	flags := b[0]
	h.size, h.key, h.layer = 1, flags&vp9Predicted == 0, flags&vp9LayerStart != 0
	if flags&vp9HasID != 0 {
		if h.id, h.mask, ok = pictureID(b[1:]); !ok {
			return h, false
		}
		h.size += h.idSize()
	}
	base := true
	if flags&vp9HasLayers != 0 {
		if len(b) <= h.size {
			return h, false
		}
		base = b[h.size]&0x0e == 0 // SID
		h.size++
		if flags&vp9Flexible == 0 { // TL0PICIDX
			h.size++
		}
	}
	h.start = h.layer && base
	if h.size, ok = vp9References(b, h.size); !ok {
		return h, false
	}
	if flags&vp9HasScheme != 0 {
		if h.size, ok = vp9Scheme(b, h.size); !ok {
			return h, false
		}
	}
	return h, len(b) > h.size
}

// vp9References passes over the references that a predicted picture has in flexible mode: at most three, from at.
func vp9References(b []byte, at int) (after int, ok bool) {
	if b[0]&vp9Flexible == 0 || b[0]&vp9Predicted == 0 {
		return at, true
	}
	for range 3 {
		if len(b) <= at {
			return at, false
		}
		at++
		if b[at-1]&1 == 0 {
			return at, true
		}
	}
	return at, false
}

// vp9Scheme passes over the scalability structure at at.
func vp9Scheme(b []byte, at int) (after int, ok bool) {
	if len(b) <= at {
		return at, false
	}
	head := b[at]
	at++
	if head&0x10 != 0 { // Y: the size of each layer
		at += 4 * (int(head>>5) + 1)
	}
	if head&0x08 == 0 { // G
		return at, true
	}
	if len(b) <= at {
		return at, false
	}
	pictures := int(b[at])
	at++
	for range pictures {
		if len(b) <= at {
			return at, false
		}
		at += 1 + int(b[at]>>2&3) // R references
	}
	return at, true
}

// join takes the descriptor off and marks where layers begin.
func (vp9Packing) join(j *joint, h packetHead, payload []byte) bool {
	if h.start != (len(j.data) == 0) {
		return false
	}
	ended := payload[0]&vp9LayerEnd != 0
	if h.layer == j.open { // a layer begins in the middle of another one, or goes on after its end
		return false
	}
	if h.layer {
		j.cut()
	}
	j.open = !ended
	j.data = append(j.data, payload[h.size:]...)
	return true
}
