package opus

import "fmt"

// frame48 returns the samples at 48 kHz of one frame of a packet with this TOC byte (RFC 6716, table 2).
func frame48(toc byte) int {
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

// Samples returns how many samples per channel a packet decodes to at a rate, which is one that NewDecoder takes. It reads the
// first two bytes (RFC 6716, sections 3.1 and 3.2), so the rest of the packet may still be found invalid. Safe on any bytes.
func Samples(packet []byte, rate int) (int, error) {
	if err := checkShape(rate, 1); err != nil {
		return 0, err
	}
	if len(packet) == 0 || len(packet) > maxPacket {
		return 0, fmt.Errorf("opus: %w: %d bytes", ErrPacket, len(packet))
	}
	frames := 1
	switch packet[0] & 3 {
	case 1, 2:
		frames = 2
	case 3:
		if len(packet) < 2 {
			return 0, fmt.Errorf("opus: %w: it ends before its count of frames", ErrPacket)
		}
		frames = int(packet[1] & 0x3f)
	}
	n := frames * frame48(packet[0])
	if n == 0 || n > 5760 {
		return 0, fmt.Errorf("opus: %w: %d frames of %d samples at 48 kHz; 120 ms is the most", ErrPacket, frames, frame48(packet[0]))
	}
	return n * rate / 48000, nil
}
