package mls

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// reader decodes the presentation language of RFC 9420, section 2.1. Its first fault sticks: after it every read yields
// zero values, so that a decoder may read a whole structure and ask once. A length is compared with what is left before
// anything is sliced or allocated, so nothing is ever allocated beyond the size of the input.
type reader struct {
	b   []byte
	err error
}

// decoder is a structure that reads itself.
type decoder interface{ decode(r *reader) }

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: "+format, append([]any{ErrMalformed}, args...)...)
	}
	r.b = nil
}

// view returns the next n bytes without copying them.
func (r *reader) view(n int) []byte {
	if n > len(r.b) {
		r.fail("%d bytes wanted, %d left", n, len(r.b))
		return nil
	}
	v := r.b[:n:n]
	r.b = r.b[n:]
	return v
}

func (r *reader) u8() uint8 {
	if v := r.view(1); v != nil {
		return v[0]
	}
	return 0
}

func (r *reader) u16() uint16 {
	if v := r.view(2); v != nil {
		return binary.BigEndian.Uint16(v)
	}
	return 0
}

func (r *reader) u32() uint32 {
	if v := r.view(4); v != nil {
		return binary.BigEndian.Uint32(v)
	}
	return 0
}

func (r *reader) u64() uint64 {
	if v := r.view(8); v != nil {
		return binary.BigEndian.Uint64(v)
	}
	return 0
}

// length reads a variable-size vector header; section 2.1.2 demands the shortest form.
func (r *reader) length() int {
	first := r.u8()
	prefix := first >> 6
	if prefix == 3 {
		r.fail("vector length with the reserved prefix")
		return 0
	}
	n := int(first & 0x3f)
	for range 1<<prefix - 1 {
		n = n<<8 | int(r.u8())
	}
	if prefix == 1 && n < 1<<6 || prefix == 2 && n < 1<<14 {
		r.fail("vector length not in its shortest form")
		return 0
	}
	return n
}

// opaqueView reads opaque<V> as a part of the input: for what is used up before the call returns.
func (r *reader) opaqueView() []byte { return r.view(r.length()) }

// opaque reads opaque<V> as a copy: what is kept must not hold a whole message in memory.
func (r *reader) opaque() []byte { return bytes.Clone(r.opaqueView()) }

// maxElements bounds every vector of structures: some take up much more room decoded than encoded.
const maxElements = 1 << 16

// vector reads a vector of structures, calling element until its bytes are used up.
func (r *reader) vector(element func(r *reader)) { r.vectorMax(maxElements, element) }

// vectorMax is vector with a bound of its own on the number of elements.
func (r *reader) vectorMax(limit int, element func(r *reader)) {
	sub := &reader{b: r.opaqueView()}
	for n := 0; len(sub.b) > 0 && sub.err == nil; n++ {
		if n == limit {
			sub.fail("vector of more than %d elements", limit)
			break
		}
		element(sub)
	}
	if sub.err != nil && r.err == nil {
		r.err = sub.err
		r.b = nil
	}
}

// present reads the presence octet of optional<T>.
func (r *reader) present() bool {
	v := r.u8()
	if v > 1 {
		r.fail("presence octet %d", v)
	}
	return v == 1
}

// end reports the first fault, or that bytes are left over.
func (r *reader) end() error {
	if r.err == nil && len(r.b) > 0 {
		r.fail("%d bytes after the end", len(r.b))
	}
	return r.err
}

// unmarshal decodes the whole of data into v.
func unmarshal(data []byte, v decoder) error {
	r := &reader{b: data}
	v.decode(r)
	return r.end()
}

// readUint16s reads a vector of 16-bit code points.
func readUint16s[T ~uint16](r *reader) []T {
	var list []T
	r.vector(func(r *reader) { list = append(list, T(r.u16())) })
	return list
}
