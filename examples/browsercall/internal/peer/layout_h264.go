package main

import "bytes"

const (
	h264Slice, h264IDR, h264SPS, h264PPS = 1, 5, 7, 8
	h264End                              = 0x80
)

var startCode = []byte{0, 0, 0, 1}

func sealH264(frame []byte, _ bool, sealed sealing) ([]byte, error) {
	var out, slice []byte
	sets := 0
	for _, nal := range nalUnits(frame) {
		switch kind := nal[0] & 0x1f; {
		case (kind == h264SPS || kind == h264PPS) && sets < 8:
			sets++
			out = append(append(out, startCode...), nal...)
		case slice == nil && (kind == h264Slice || kind == h264IDR):
			slice = nal
		}
	}
	start := sliceStart(slice)
	if start == nil {
		return nil, errLayout
	}
	f, err := sealed(start, frame)
	out = append(append(out, startCode...), start...)
	return append(append(out, escape(start, f)...), h264End), err
}

func openH264(data []byte, opened sealing) ([]byte, error) {
	all := nalUnits(data)
	if len(all) == 0 || len(all) > 9 {
		return nil, errLayout
	}
	slice := all[len(all)-1]
	start := sliceStart(slice)
	if start == nil || len(slice) < len(start)+2 || slice[len(slice)-1] != h264End {
		return nil, errLayout
	}
	return opened(start, unescape(start, slice[len(start):len(slice)-1]))
}

// nalUnits are those of an Annex B byte stream, without start codes and the zeros around them.
func nalUnits(b []byte) (all [][]byte) {
	parts := bytes.Split(b, []byte{0, 0, 1})
	for _, nal := range parts[1:] {
		if nal = bytes.TrimRight(nal, "\x00"); len(nal) > 0 {
			all = append(all, nal)
		}
	}
	return all
}

// sliceStart is the slice's header byte and the bytes of its first three Exp-Golomb codes; nil if it has none.
func sliceStart(nal []byte) []byte {
	if len(nal) < 2 {
		return nil
	}
	bits := nal[1:min(len(nal), 9)]
	at := 0
	for range 3 {
		zeros := 0
		for ; at < 8*len(bits) && bits[at/8]>>(7-at%8)&1 == 0; at++ {
			zeros++
		}
		at += 1 + zeros
	}
	if at > 8*len(bits) {
		return nil
	}
	n := 1 + (at+7)/8
	return nal[:n:n]
}

// escape puts a 3 before each byte of 0 to 3 that follows two zeros; start is what comes before b.
func escape(start, b []byte) (out []byte) {
	zeros := trailingZeros(start)
	for _, c := range b {
		if zeros >= 2 && c <= 3 {
			out, zeros = append(out, 3), 0
		}
		out = append(out, c)
		if zeros++; c != 0 {
			zeros = 0
		}
	}
	return out
}

// unescape takes away each 3 that follows two zeros.
func unescape(start, b []byte) (out []byte) {
	zeros := trailingZeros(start)
	for _, c := range b {
		if zeros >= 2 && c == 3 {
			zeros = 0
			continue
		}
		out = append(out, c)
		if zeros++; c != 0 {
			zeros = 0
		}
	}
	return out
}

func trailingZeros(b []byte) int { return len(b) - len(bytes.TrimRight(b, "\x00")) }
