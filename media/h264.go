package media

import "bytes"

// The RTP payload of H264 (RFC 6184, packetization mode 1) is a NAL unit, several of them, or part of one. What is in them
// after the first bytes is not looked at.

const (
	nalSlice, nalIDR, nalSPS, nalPPS = 1, 5, 7, 8
	nalSTAPA, nalFUA                 = 24, 28

	fuStart, fuEnd = 0x80, 0x40
)

// h264Packing is RFC 6184.
type h264Packing struct{}

// pack sends the NAL units of a laid-out frame, which are behind start codes of four bytes, each in packets of its own.
func (h264Packing) pack(t *localTrack, data []byte, _ bool) error {
	for nal := range nalUnits(data) {
		last := &nal[len(nal)-1] == &data[len(data)-1]
		if len(nal) <= maxPayload {
			if err := t.fragment(0, nal, last); err != nil {
				return err
			}
			continue
		}
		if err := packFUA(t, nal, last); err != nil {
			return err
		}
	}
	return nil
}

// packFUA sends one NAL unit in fragments.
func packFUA(t *localTrack, nal []byte, last bool) error {
	flags := byte(fuStart)
	for rest := nal[1:]; len(rest) > 0; flags = 0 {
		n := min(len(rest), maxPayload-2)
		if n == len(rest) {
			flags |= fuEnd
		}
		t.payload = append(t.payload[:0], nal[0]&0xe0|nalFUA, flags|nal[0]&0x1f)
		if err := t.fragment(2, rest[:n], last && n == len(rest)); err != nil {
			return err
		}
		rest = rest[n:]
	}
	return nil
}

// head says where NAL units begin; a picture may begin with any.
func (h264Packing) head(b []byte) (h packetHead, ok bool) {
	if len(b) < 1 {
		return h, false
	}
	switch kind := b[0] & 0x1f; {
	case kind == nalFUA:
		h.size, h.start = 2, len(b) > 2 && b[1]&fuStart != 0
		return h, len(b) > 2
	case kind == nalSTAPA:
		h.size, h.start = 1, true
		return h, len(b) > 3
	case 1 <= kind && kind < nalSTAPA:
		h.start = true
		return h, true
	}
	return h, false
}

// join appends NAL units, one after the other and without start codes: the joint knows where each ends.
func (h264Packing) join(j *joint, h packetHead, payload []byte) bool {
	if h.start == j.open {
		return false
	}
	switch h.size {
	case 0:
		return j.unit(payload)
	case 1:
		for rest := payload[1:]; len(rest) > 0; {
			if len(rest) < 3 {
				return false
			}
			size := int(rest[0])<<8 | int(rest[1])
			if size == 0 || size > len(rest)-2 || !j.unit(rest[2:2+size]) {
				return false
			}
			rest = rest[2+size:]
		}
		return true
	}
	if h.start && !j.unit([]byte{payload[0]&0xe0 | payload[1]&0x1f}) {
		return false
	}
	j.data = append(j.data, payload[2:]...)
	j.open = payload[1]&fuEnd == 0
	return true
}

// unit begins a NAL unit. It reports false when there are too many.
func (j *joint) unit(b []byte) bool {
	if len(j.ends) == maxParts {
		return false
	}
	j.cut()
	j.data = append(j.data, b...)
	return true
}

// nalUnits are the NAL units of an Annex B byte stream, without start codes and zero bytes between them.
func nalUnits(data []byte) func(func([]byte) bool) {
	return func(yield func([]byte) bool) {
		start, next := startCode(data, 0)
		for start < len(data) {
			begin := next
			start, next = startCode(data, begin)
			end := start
			for end > begin && data[end-1] == 0 {
				end--
			}
			if end > begin && !yield(data[begin:end]) {
				return
			}
		}
	}
}

var startCodeBytes = []byte{0, 0, 1}

// startCode finds the next 00 00 01: where it begins and ends, or the end of data.
func startCode(data []byte, from int) (start, end int) {
	i := bytes.Index(data[from:], startCodeBytes)
	if i < 0 {
		return len(data), len(data)
	}
	return from + i, from + i + len(startCodeBytes)
}
