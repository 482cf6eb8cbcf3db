package media

import "errors"

// A layout decides what of a frame stays readable, as docs/design/06-codec-layouts.md has it byte by byte. Each side of a
// track has one of its own, which may keep scratch space.
type layout interface {
	// seal appends the laid-out frame to dst, which is empty.
	seal(dst []byte, f Frame, s Sealer) ([]byte, error)
	// open returns the encoded frame, in memory of its own, and whether it is a key frame.
	open(f wholeFrame, o Opener) (data []byte, key bool, err error)
}

// errLayout means that a frame does not have the layout of its codec.
var errLayout = errors.New("media: not a sealed frame")

// Alone is the layout of an SFrame and nothing else.
type alone struct{}

func newAlone() layout { return alone{} }

func (alone) seal(dst []byte, f Frame, s Sealer) ([]byte, error) { return s.Seal(dst, nil, f.Data) }

func (alone) open(f wholeFrame, o Opener) (data []byte, key bool, err error) {
	if len(f.data) == 0 {
		return nil, false, errLayout
	}
	data, err = o.Open(make([]byte, 0, len(f.data)), nil, f.data)
	return data, f.key || f.rule.kind == Audio, err
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
