package media

// The RTP payload of AV1 (AV1 RTP specification, section 4) is an aggregation header and OBUs without their sizes. A
// sealed layer is one OBU of a frame: its header, which stays readable, and the SFrame. The aggregation header alone says
// where OBUs begin and whether a coded video sequence, and so a key frame, does.

const (
	av1Continues   = 0x80 // Z: the first OBU goes on from the packet before
	av1Unfinished  = 0x40 // Y: the last one goes on in the next
	av1NewSequence = 0x08 // N

	obuFrame    = 0x30 // the header of a sealed OBU: type OBU_FRAME, no extension, no size
	obuSequence = 0x08 // of a sequence header, without its size
	obuHasSize  = 0x02
)

// av1Packing is the AV1 RTP specification.
type av1Packing struct{}

// pack sends one OBU. That it starts a sequence is said here: no packet tells it by what it carries.
func (av1Packing) pack(t *localTrack, data []byte, key bool) error {
	return packPlain(t, data, 1, func(b []byte, first, last bool) {
		b[0] = 1 << 4 // W: one OBU
		if !first {
			b[0] |= av1Continues
		}
		if !last {
			b[0] |= av1Unfinished
		}
		if first && key {
			b[0] |= av1NewSequence
		}
	})
}

// head reads the aggregation header.
func (av1Packing) head(b []byte) (h packetHead, ok bool) {
	if len(b) < 2 {
		return h, false
	}
	h.size, h.start, h.key = 1, b[0]&av1Continues == 0, b[0]&av1NewSequence != 0
	h.layer = h.start
	return h, true
}

// join appends the OBUs of a packet, each without a size, as they are sealed.
func (av1Packing) join(j *joint, h packetHead, payload []byte) bool {
	if h.start == j.open {
		return false
	}
	count, rest, n := int(payload[0]>>4&3), payload[1:], 0
	for len(rest) > 0 {
		n++
		obu := rest
		if n != count { // the last one has no length if they are counted
			size, used := leb128(rest)
			if used == 0 || size > len(rest)-used {
				return false
			}
			obu, rest = rest[used:used+size], rest[used+size:]
		} else {
			rest = nil
		}
		if n > 1 || h.start {
			if len(obu) == 0 || obu[0]&obuHasSize != 0 && len(obu) < 2 {
				return false
			}
			j.cut()
			if obu = withoutSize(j, obu); obu == nil {
				return false
			}
		}
		j.data = append(j.data, obu...)
	}
	if count > 0 && n != count {
		return false
	}
	j.open = payload[0]&av1Unfinished != 0
	return true
}

// withoutSize appends an OBU's header as it is sealed, and returns what is behind it. A sender may have left a size there
// where the OBU is whole.
func withoutSize(j *joint, obu []byte) []byte {
	if obu[0]&obuHasSize == 0 {
		return obu
	}
	size, used := leb128(obu[1:])
	if used == 0 || size != len(obu)-1-used {
		return nil
	}
	j.data = append(j.data, obu[0]&^obuHasSize)
	return obu[1+used:]
}

// leb128 reads a number below 2^28 of at most four bytes. used is 0 if there is none.
func leb128(b []byte) (v, used int) {
	for i := range min(len(b), 4) {
		v |= int(b[i]&0x7f) << (7 * i)
		if b[i]&0x80 == 0 {
			return v, i + 1
		}
	}
	return 0, 0
}
