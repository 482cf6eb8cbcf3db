package file

import (
	"encoding/binary"
	"math"
)

// The format tags of a WAV file.
const (
	wavPCM        = 1
	wavALaw       = 6
	wavMuLaw      = 7
	wavExtensible = 0xfffe
)

const wavHeaderMax = 58 // bytes before the samples

// A wavFormat describes the samples of a WAV file that is written.
type wavFormat struct {
	tag      uint16
	rate     int // Hz
	channels int
	bytes    int // of one sample of one channel
}

// block is how many bytes one sample of all channels has.
func (w wavFormat) block() int { return w.bytes * w.channels }

// size is how many bytes there are before the samples.
func (w wavFormat) size() int {
	if w.tag == wavPCM {
		return 44
	}
	return wavHeaderMax
}

// described is how many bytes the format chunk has.
func (w wavFormat) described() uint32 {
	if w.tag == wavPCM {
		return 16
	}
	return 18
}

// header is what comes before so many bytes of samples; math.MaxUint32: they go on to the end of the file. What is not PCM
// also tells how many samples there are, and the length of what the format has to add, which is nothing.
func (w wavFormat) header(data uint32) []byte {
	riff, samples := data, data
	if data != math.MaxUint32 {
		riff = uint32(w.size()) - 8 + data + data%2
		samples = data / uint32(w.block())
	}
	b := binary.LittleEndian.AppendUint32([]byte("RIFF"), riff)
	b = append(b, "WAVEfmt "...)
	b = binary.LittleEndian.AppendUint32(b, w.described())
	b = binary.LittleEndian.AppendUint16(b, w.tag)
	b = binary.LittleEndian.AppendUint16(b, uint16(w.channels))
	b = binary.LittleEndian.AppendUint32(b, uint32(w.rate))
	b = binary.LittleEndian.AppendUint32(b, uint32(w.rate*w.block()))
	b = binary.LittleEndian.AppendUint16(b, uint16(w.block()))
	b = binary.LittleEndian.AppendUint16(b, uint16(8*w.bytes))
	if w.tag != wavPCM {
		b = binary.LittleEndian.AppendUint16(b, 0)
		b = append(b, "fact"...)
		b = binary.LittleEndian.AppendUint32(b, 4)
		b = binary.LittleEndian.AppendUint32(b, samples)
	}
	b = append(b, "data"...)
	return binary.LittleEndian.AppendUint32(b, data)
}
