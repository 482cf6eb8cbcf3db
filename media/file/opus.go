package file

import (
	"encoding/binary"
	"errors"
	"time"
)

// maxOpusPacket is the longest packet of one stream: 48 frames of 1275 bytes and what frames them (RFC 6716, section 3.2).
const maxOpusPacket = 61440

var errOpus = errors.New("not a valid Opus packet")

// opusFrame returns the samples at 48 kHz of one frame of a packet with this TOC byte (RFC 6716, table 2).
func opusFrame(toc byte) int {
	config := toc >> 3
	switch {
	case config < 12: // SILK: 10, 20, 40, 60 ms
		return [4]int{480, 960, 1920, 2880}[config&3]
	case config < 16: // hybrid: 10, 20 ms
		return [2]int{480, 960}[config&1]
	default: // CELT: 2.5, 5, 10, 20 ms
		return 120 << (config & 3)
	}
}

// opusSamples returns how many samples at 48 kHz a packet holds: at most 120 ms (RFC 6716, section 3.2.5).
func opusSamples(packet []byte) (int, error) {
	if len(packet) == 0 || len(packet) > maxOpusPacket {
		return 0, errOpus
	}
	frames := 1
	switch packet[0] & 3 {
	case 1, 2:
		frames = 2
	case 3:
		if len(packet) < 2 {
			return 0, errOpus
		}
		frames = int(packet[1] & 0x3f)
	}
	n := frames * opusFrame(packet[0])
	if n == 0 || n > 5760 {
		return 0, errOpus
	}
	return n, nil
}

// opusChannels returns the channels that a packet was coded with.
func opusChannels(packet []byte) int { return 1 + int(packet[0]>>2&1) }

// opusLost returns packets that hold n lost frames like those of toc: frames of no bytes, which ask the decoder to conceal
// the loss (RFC 7845, section 4.1). A packet holds at most 120 ms.
func opusLost(toc byte, n int) (packet []byte, frames int) {
	frames = min(n, 5760/opusFrame(toc))
	return []byte{toc | 3, byte(frames)}, frames
}

// opusHead is the identification header (RFC 7845, section 5.1).
type opusHead struct {
	channels  int
	preSkip   int // samples at 48 kHz that the decoder drops at the start
	inputRate uint32
}

const opusHeadMagic, opusTagsMagic = "OpusHead", "OpusTags"

func (h opusHead) append(b []byte) []byte {
	b = append(b, opusHeadMagic...)
	b = append(b, 1, byte(h.channels))
	b = binary.LittleEndian.AppendUint16(b, uint16(h.preSkip))
	b = binary.LittleEndian.AppendUint32(b, h.inputRate)
	return append(b, 0, 0, 0) // no output gain; channel mapping family 0
}

func parseOpusHead(b []byte) (opusHead, error) {
	if len(b) < 19 || string(b[:8]) != opusHeadMagic {
		return opusHead{}, errors.New("no OpusHead")
	}
	h := opusHead{
		channels:  int(b[9]),
		preSkip:   int(binary.LittleEndian.Uint16(b[10:])),
		inputRate: binary.LittleEndian.Uint32(b[12:]),
	}
	switch {
	case b[8]&0xf0 != 0:
		return opusHead{}, errors.New("unknown version of OpusHead")
	case b[18] != 0 || h.channels < 1 || h.channels > 2:
		return opusHead{}, errors.New("more than two channels (a call carries mono or stereo)")
	}
	return h, nil
}

// opusTags is a comment header (RFC 7845, section 5.2) that names the program and holds no comment.
func opusTags(vendor string) []byte {
	b := append([]byte(nil), opusTagsMagic...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(vendor)))
	b = append(b, vendor...)
	return binary.LittleEndian.AppendUint32(b, 0)
}

func opusDuration(n int) time.Duration {
	d, _ := samples.duration(uint64(n))
	return d
}
