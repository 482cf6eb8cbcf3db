package media

// A packing makes the RTP payloads of laid-out frames of one codec, and puts them together again. It has no state: that is
// in the track and in the joint.
type packing interface {
	// pack sends a laid-out frame in packets of at most maxPayload bytes.
	pack(t *localTrack, data []byte, key bool) error
	// head reads how a packet begins. It reports false for one that makes no sense.
	head(payload []byte) (packetHead, bool)
	// join appends what a packet carries to the frame. It reports false if that does not go on where the frame ends.
	join(j *joint, h packetHead, payload []byte) bool
}

// A packetHead is what the beginning of a packet says about it.
type packetHead struct {
	size  int    // bytes before the frame's own
	start bool   // a picture may begin with this packet
	layer bool   // something that is sealed on its own begins with it
	key   bool   // and can be decoded without an earlier one
	id    uint16 // the picture's number
	mask  uint16 // 0x7f or 0x7fff: the width of id; 0 without one
}

// A joint is a frame that is put together of packets.
type joint struct {
	data []byte
	ends []int // where each part that was sealed on its own ends, but for the last
	open bool  // the last packet left off in the middle of a unit
}

func (j *joint) reset() { j.data, j.ends, j.open = j.data[:0], j.ends[:0], false }

// cut begins another part, at the end of what is there.
func (j *joint) cut() {
	if n := len(j.data); n > 0 && len(j.ends) < maxParts {
		j.ends = append(j.ends, n)
	}
}

const maxParts = 8 // ends of layers, or of NAL units, within a picture

// packPlain sends a frame as it is, behind a head of one size; put writes the head into the packet.
func packPlain(t *localTrack, data []byte, size int, put func(b []byte, first, last bool)) error {
	for first := true; len(data) > 0; first = false {
		n := min(len(data), maxPayload-size)
		t.payload = t.payload[:size]
		put(t.payload, first, n == len(data))
		if err := t.fragment(size, data[:n], n == len(data)); err != nil {
			return err
		}
		data = data[n:]
	}
	return nil
}
