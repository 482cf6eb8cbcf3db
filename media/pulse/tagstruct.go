package pulse

import (
	"bytes"
	"encoding/binary"
	"errors"
	"maps"
	"slices"
)

// What the server and its clients say to each other is a sequence of tagged values, PulseAudio's "tagstruct": a byte that
// names the type, and the value in network byte order. The tags are those of PulseAudio's src/pulsecore/tagstruct.h.
const (
	tagString     = 't'
	tagNullString = 'N'
	tagU32        = 'L'
	tagU8         = 'B'
	tagS64        = 'r'
	tagSpec       = 'a'
	tagArbitrary  = 'x'
	tagTrue       = '1'
	tagFalse      = '0'
	tagTime       = 'T'
	tagUsec       = 'U'
	tagChannelMap = 'm'
	tagVolumes    = 'v'
	tagProperties = 'P'
	tagVolume     = 'V'
	tagFormat     = 'f'
)

// s16le is the sample format of all streams: signed 16 bit, little endian.
const s16le = 3

// undefined stands for no index and for "as the server likes".
const undefined = 0xFFFFFFFF

// A writer builds a message. Its methods append one value each.
type writer struct{ b []byte }

func (w *writer) u32(v uint32) { w.b = binary.BigEndian.AppendUint32(append(w.b, tagU32), v) }
func (w *writer) u8(v byte)    { w.b = append(w.b, tagU8, v) }

func (w *writer) arbitrary(v []byte) {
	w.b = append(binary.BigEndian.AppendUint32(append(w.b, tagArbitrary), uint32(len(v))), v...)
}

// text appends a string; none if it is empty. A zero byte would end it early, so what follows one is left out.
func (w *writer) text(v string) {
	if v == "" {
		w.b = append(w.b, tagNullString)
		return
	}
	w.b = append(append(append(w.b, tagString), cString(v)...), 0)
}

func cString(v string) string {
	for i := range len(v) {
		if v[i] == 0 {
			return v[:i]
		}
	}
	return v
}

func (w *writer) bools(v ...bool) {
	for _, v := range v {
		if v {
			w.b = append(w.b, tagTrue)
		} else {
			w.b = append(w.b, tagFalse)
		}
	}
}

// spec appends a format of samples, which are s16le.
func (w *writer) spec(channels byte, rate uint32) {
	w.b = binary.BigEndian.AppendUint32(append(w.b, tagSpec, s16le, channels), rate)
}

func (w *writer) mono() { w.b = append(w.b, tagChannelMap, 1, 0) }

// fullVolume appends the volume of one channel: as it comes.
func (w *writer) fullVolume() {
	w.b = binary.BigEndian.AppendUint32(append(w.b, tagVolumes, 1), 0x10000)
}

func (w *writer) properties(p map[string]string) {
	w.b = append(w.b, tagProperties)
	for _, k := range slices.Sorted(maps.Keys(p)) {
		v := append([]byte(cString(p[k])), 0)
		w.text(k)
		w.u32(uint32(len(v)))
		w.arbitrary(v)
	}
	w.b = append(w.b, tagNullString)
}

// instant appends a time of the client's clock, which the server sends back as it is. We keep our own.
func (w *writer) instant() { w.b = append(w.b, tagTime, 0, 0, 0, 0, 0, 0, 0, 0) }

// errMalformed says that the server sent what the protocol does not have.
var errMalformed = errors.New("the server's answer makes no sense")

// A reader takes a message apart. The first value that is not what was asked for, or not whole, sets err; after that all
// values are zero. Nothing it returns is larger than the message.
type reader struct {
	b   []byte
	err error
}

var nothing [8]byte

// take is the next n bytes, zeros of at most 8 if there are not as many.
func (r *reader) take(n int) []byte {
	if r.err != nil || n < 0 || n > len(r.b) {
		r.err = errMalformed
		return nothing[:min(max(n, 0), len(nothing))]
	}
	v := r.b[:n]
	r.b = r.b[n:]
	return v
}

func (r *reader) tag(want byte) {
	if r.take(1)[0] != want {
		r.err = errMalformed
	}
}

func (r *reader) u32() uint32 { r.tag(tagU32); return binary.BigEndian.Uint32(r.take(4)) }
func (r *reader) u8() byte    { r.tag(tagU8); return r.take(1)[0] }
func (r *reader) usec() int64 { r.tag(tagUsec); return int64(binary.BigEndian.Uint64(r.take(8))) }
func (r *reader) s64() int64  { r.tag(tagS64); return int64(binary.BigEndian.Uint64(r.take(8))) }

func (r *reader) bool() bool {
	v := r.take(1)[0]
	if v != tagTrue && v != tagFalse {
		r.err = errMalformed
	}
	return v == tagTrue
}

func (r *reader) text() string {
	switch r.take(1)[0] {
	case tagNullString:
		return ""
	case tagString:
		if end := bytes.IndexByte(r.b, 0); end >= 0 && r.err == nil {
			return string(r.take(end + 1)[:end])
		}
	}
	r.err = errMalformed
	return ""
}

func (r *reader) arbitrary() []byte {
	r.tag(tagArbitrary)
	return r.take(int(min(binary.BigEndian.Uint32(r.take(4)), 1<<30)))
}

func (r *reader) spec() (format, channels byte, rate uint32) {
	r.tag(tagSpec)
	v := r.take(6)
	return v[0], v[1], binary.BigEndian.Uint32(v[2:])
}

// properties calls each, unless it is nil, with the entries of a list that are text.
func (r *reader) properties(each func(key, value string)) {
	r.tag(tagProperties)
	for r.err == nil {
		key := r.text()
		if r.err != nil || key == "" {
			return
		}
		size := r.u32()
		v := r.arbitrary()
		if uint64(len(v)) != uint64(size) {
			r.err = errMalformed
		}
		if r.err == nil && each != nil && len(v) > 0 && v[len(v)-1] == 0 {
			each(key, string(v[:len(v)-1]))
		}
	}
}

// skip passes over one value of each of the types, which are tags; tagString stands for either kind of string and tagTrue
// for either truth.
func (r *reader) skip(types ...byte) {
	for _, t := range types {
		switch t {
		case tagString:
			r.text()
		case tagTrue:
			r.bool()
		case tagU32, tagVolume:
			r.tag(t)
			r.take(4)
		case tagU8:
			r.u8()
		case tagUsec, tagS64, tagTime:
			r.tag(t)
			r.take(8)
		case tagSpec:
			r.spec()
		case tagChannelMap:
			r.tag(t)
			r.take(int(r.take(1)[0]))
		case tagVolumes:
			r.tag(t)
			r.take(4 * int(r.take(1)[0]))
		case tagProperties:
			r.properties(nil)
		case tagFormat:
			r.tag(t)
			r.u8()
			r.properties(nil)
		}
	}
}
