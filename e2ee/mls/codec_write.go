package mls

import "encoding/binary"

// writer encodes the presentation language of RFC 9420, section 2.1.
type writer struct{ b []byte }

// encoder is a structure that writes itself.
type encoder interface{ encode(w *writer) }

func (w *writer) u8(v uint8)     { w.b = append(w.b, v) }
func (w *writer) u16(v uint16)   { w.b = binary.BigEndian.AppendUint16(w.b, v) }
func (w *writer) u32(v uint32)   { w.b = binary.BigEndian.AppendUint32(w.b, v) }
func (w *writer) u64(v uint64)   { w.b = binary.BigEndian.AppendUint64(w.b, v) }
func (w *writer) fixed(v []byte) { w.b = append(w.b, v...) }

// length writes a variable-size vector header in its shortest form. Longer than 2^30-1 bytes cannot be written: that is
// a fault of the caller, who is bounded far below.
func (w *writer) length(n int) {
	switch {
	case n < 1<<6:
		w.u8(uint8(n))
	case n < 1<<14:
		w.u16(uint16(n) | 1<<14)
	case n < 1<<30:
		w.u32(uint32(n) | 2<<30)
	default:
		panic("mls: vector longer than 2^30-1 bytes")
	}
}

// opaque writes opaque<V>.
func (w *writer) opaque(v []byte) {
	w.length(len(v))
	w.fixed(v)
}

// vector writes whatever body writes, behind its length.
func (w *writer) vector(body func(w *writer)) {
	start := len(w.b)
	w.b = append(w.b, 0, 0, 0, 0) // room for the longest header
	body(w)
	n := len(w.b) - start - 4
	end := len((&writer{b: w.b[:start]}).header(n))
	copy(w.b[end:], w.b[start+4:])
	w.b = w.b[:end+n]
}

// header appends a length over the room that vector left for it.
func (w *writer) header(n int) []byte {
	w.length(n)
	return w.b
}

// present writes the presence octet of optional<T>.
func (w *writer) present(v bool) {
	if v {
		w.u8(1)
	} else {
		w.u8(0)
	}
}

// marshal encodes v.
func marshal(v encoder) []byte {
	w := &writer{}
	v.encode(w)
	return w.b
}

// writeUint16s writes a vector of 16-bit code points.
func writeUint16s[T ~uint16](w *writer, list []T) {
	w.length(2 * len(list))
	for _, v := range list {
		w.u16(uint16(v))
	}
}
