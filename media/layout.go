package media

import (
	"encoding/binary"
	"errors"
)

// A layout decides what of a frame stays readable, as docs/design/06-codec-layouts.md has it byte by byte. Each side of a
// track has one of its own, which may keep scratch space.
type layout interface {
	// seal appends the laid-out frame to dst, which is empty.
	seal(dst []byte, f Frame, s Sealer) ([]byte, error)
	// open returns the encoded frame, in memory of its own, and whether it is a key frame.
	open(f wholeFrame, o Opener) (data []byte, key bool, err error)
}

var (
	// errLayout means that a frame does not have the layout of its codec.
	errLayout = errors.New("media: not a sealed frame")
	// errNoSlice means that a source gave something that is no picture.
	errNoSlice = errors.New("media: an H264 frame without a slice")
)

// A bareLayout is an SFrame and nothing else.
type bareLayout struct{}

func newBareLayout() layout { return bareLayout{} }

func (bareLayout) seal(dst []byte, f Frame, s Sealer) ([]byte, error) {
	return s.Seal(dst, nil, f.Data)
}

func (bareLayout) open(f wholeFrame, o Opener) (data []byte, key bool, err error) {
	data, err = o.Open(make([]byte, 0, len(f.data)), nil, f.data)
	return data, true, err
}

// A vp8Layout is one readable byte and the SFrame of the whole frame: browsers read the frame type from its lowest bit.
type vp8Layout struct{}

func newVP8Layout() layout { return vp8Layout{} }

func (vp8Layout) seal(dst []byte, f Frame, s Sealer) ([]byte, error) {
	dst = append(dst, clearByte(f.Key))
	return s.Seal(dst, dst[:1:1], f.Data)
}

func (vp8Layout) open(f wholeFrame, o Opener) (data []byte, key bool, err error) {
	if len(f.data) < 2 || f.data[0] > 1 {
		return nil, false, errLayout
	}
	data, err = o.Open(make([]byte, 0, len(f.data)), f.data[:1:1], f.data[1:])
	return data, f.data[0] == 0, err
}

func clearByte(key bool) byte {
	if key {
		return 0
	}
	return 1
}

// A vp9Layout is an SFrame for each spatial layer, and nothing else. What we send is one layer; what comes is joined to a
// superframe (VP9 bitstream, annex B) where it has several.
type vp9Layout struct{ bareLayout }

func newVP9Layout() layout { return vp9Layout{} }

func (vp9Layout) open(f wholeFrame, o Opener) (data []byte, key bool, err error) {
	data = make([]byte, 0, len(f.data)) // an SFrame is longer than its frame by more than an index entry
	var sizes [maxParts + 1]int
	count := 0
	for part := range f.parts {
		before := len(data)
		if data, err = o.Open(data, nil, part); err != nil {
			return nil, false, err
		}
		sizes[count] = len(data) - before
		count++
	}
	if count > 1 {
		data = appendSuperframeIndex(data, sizes[:count])
	}
	return data, f.key, nil
}

// appendSuperframeIndex says where the frames of a superframe end.
func appendSuperframeIndex(data []byte, sizes []int) []byte {
	const bytes = 4 // a size
	marker := byte(0xc0 | (bytes-1)<<3 | len(sizes) - 1)
	data = append(data, marker)
	for _, size := range sizes {
		data = binary.LittleEndian.AppendUint32(data, uint32(size))
	}
	return append(data, marker)
}

// An av1Layout is one OBU for each layer: a readable header, and the SFrame of the whole layer. What we send is one layer.
type av1Layout struct{}

func newAV1Layout() layout { return av1Layout{} }

func (av1Layout) seal(dst []byte, f Frame, s Sealer) ([]byte, error) {
	dst = append(dst, obuFrame)
	return s.Seal(dst, dst[:1:1], f.Data)
}

func (av1Layout) open(f wholeFrame, o Opener) (data []byte, key bool, err error) {
	data = make([]byte, 0, len(f.data))
	first := true
	for part := range f.parts {
		skip := first && len(f.ends) > 0 && len(part) > 0 && part[0] == obuSequence // a browser's, for its packetiser
		if first = false; skip {
			continue
		}
		if len(part) < 2 || part[0] != obuFrame {
			return nil, false, errLayout
		}
		if data, err = o.Open(data, part[:1:1], part[1:]); err != nil {
			return nil, false, err
		}
	}
	return data, f.key, nil
}

// parts are what was sealed each on its own.
func (f *wholeFrame) parts(yield func([]byte) bool) {
	start := 0
	for _, end := range f.ends {
		if !yield(f.data[start:end:end]) {
			return
		}
		start = end
	}
	yield(f.data[start:])
}
