package media

import "bytes"

const maxStart = 8 // bytes of a slice that stay readable behind its header

// An h264Layout is copies of the parameter sets, and one NAL unit: the start of the first slice, which stays readable, and
// the SFrame of the whole access unit, escaped and ended as the rest of a NAL unit.
type h264Layout struct {
	frame []byte // scratch: the SFrame without escapes
}

func newH264Layout() layout { return &h264Layout{} }

func (l *h264Layout) seal(dst []byte, f Frame, s Sealer) (_ []byte, err error) {
	var slice []byte
	sets := 0
	for nal := range nalUnits(f.Data) {
		switch kind := nal[0] & 0x1f; {
		case (kind == nalSPS || kind == nalPPS) && sets < maxParts:
			dst = append(append(dst, 0, 0, 0, 1), nal...)
			sets++
		case slice == nil && (kind == nalSlice || kind == nalIDR):
			slice = nal
		}
	}
	start, ok := sliceStart(slice)
	if !ok {
		return dst, errNoSlice
	}
	if l.frame, err = s.Seal(l.frame[:0], slice[:start:start], f.Data); err != nil {
		return dst, err
	}
	dst = append(append(dst, 0, 0, 0, 1), slice[:start]...)
	return append(appendEscaped(dst, start, l.frame), 0x80), nil
}

func (l *h264Layout) open(f wholeFrame, o Opener) (data []byte, key bool, err error) {
	for nal := range f.parts {
		if len(nal) == 0 {
			return nil, false, errLayout
		}
		kind := nal[0] & 0x1f
		if sealed := len(nal) == len(f.data) || &nal[len(nal)-1] == &f.data[len(f.data)-1]; !sealed {
			if kind != nalSPS && kind != nalPPS {
				return nil, false, errLayout
			}
			continue
		}
		start, ok := sliceStart(nal)
		if !ok || kind != nalSlice && kind != nalIDR || len(nal) < start+2 || nal[len(nal)-1] != 0x80 {
			return nil, false, errLayout
		}
		l.frame = appendUnescaped(l.frame[:0], nal[:start], nal[start:len(nal)-1])
		data, err = o.Open(make([]byte, 0, len(l.frame)), nal[:start:start], l.frame)
		key = kind == nalIDR
	}
	return data, key, err
}

// sliceStart is how much of a slice stays readable: its header byte, and the bytes that hold first_mb_in_slice, slice_type
// and pic_parameter_set_id.
func sliceStart(nal []byte) (n int, ok bool) {
	if len(nal) < 2 {
		return 0, false
	}
	bits := nal[1:min(len(nal), 1+maxStart)]
	at := 0
	for range 3 {
		zeros := 0
		for ; at < 8*len(bits) && bits[at/8]>>(7-at%8)&1 == 0; at++ {
			zeros++
		}
		at += 1 + zeros
	}
	return 1 + (at+7)/8, at <= 8*len(bits)
}

// appendEscaped appends b so that no start code is in it (ITU-T H.264, section 7.4.1). The last bytes of dst, start of
// them, are of the same NAL unit.
func appendEscaped(dst []byte, start int, b []byte) []byte {
	zeros := trailingZeros(dst[len(dst)-start:])
	for len(b) > 0 {
		if zeros == 0 {
			dst, b = appendToZero(dst, b)
		} else if zeros == 2 && b[0] <= 3 {
			dst = append(dst, 3)
			zeros = 0
		}
		if len(b) > 0 {
			zeros, dst, b = zeros+1, append(dst, b[0]), b[1:]
			if dst[len(dst)-1] != 0 {
				zeros = 0
			}
		}
	}
	return dst
}

// appendUnescaped is the reverse; start is what is before b in the NAL unit.
func appendUnescaped(dst, start, b []byte) []byte {
	zeros := trailingZeros(start)
	for len(b) > 0 {
		if zeros == 0 {
			dst, b = appendToZero(dst, b)
		} else if zeros >= 2 && b[0] == 3 {
			zeros, b = 0, b[1:]
			continue
		}
		if len(b) > 0 {
			zeros, dst, b = zeros+1, append(dst, b[0]), b[1:]
			if dst[len(dst)-1] != 0 {
				zeros = 0
			}
		}
	}
	return dst
}

// appendToZero appends what is before the first zero byte of b, and returns the rest.
func appendToZero(dst, b []byte) (_, rest []byte) {
	n := bytes.IndexByte(b, 0)
	if n < 0 {
		n = len(b)
	}
	return append(dst, b[:n]...), b[n:]
}

func trailingZeros(b []byte) (n int) {
	for n < len(b) && b[len(b)-1-n] == 0 {
		n++
	}
	return min(n, 2)
}
