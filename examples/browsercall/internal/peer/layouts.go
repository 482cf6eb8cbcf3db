package main

import (
	"bytes"
	"errors"
	"fmt"
)

// A layout is what docs/design/06-codec-layouts.md says of a codec. It is written here a second time, since package media
// has it beneath its packetisers; media/testdata/layouts.json holds both to the same bytes.
type layout struct {
	seal func(frame []byte, key bool, sealed sealing) ([]byte, error)
	open func(data []byte, opened sealing) ([]byte, error)
}

// sealing seals or opens a frame that comes with these readable bytes.
type sealing func(clear, frame []byte) ([]byte, error)

var errLayout = errors.New("not the layout of the codec")

var layouts = map[string]layout{
	"opus": bareLayout, "red": bareLayout, "PCMU": bareLayout, "PCMA": bareLayout, "VP9": bareLayout,
	"VP8":  {sealVP8, openVP8},
	"AV1":  {sealAV1, openAV1},
	"H264": {sealH264, openH264},
}

func layoutOf(codec string) (layout, error) {
	l, ok := layouts[codec]
	if !ok {
		return l, fmt.Errorf("no layout of %q", codec)
	}
	return l, nil
}

var bareLayout = layout{
	seal: func(frame []byte, _ bool, sealed sealing) ([]byte, error) { return sealed(nil, frame) },
	open: func(data []byte, opened sealing) ([]byte, error) { return opened(nil, data) },
}

func sealVP8(frame []byte, key bool, sealed sealing) ([]byte, error) {
	clear := []byte{1}
	if key {
		clear[0] = 0
	}
	f, err := sealed(clear, frame)
	return append(clear, f...), err
}

func openVP8(data []byte, opened sealing) ([]byte, error) {
	if len(data) < 2 || data[0] > 1 {
		return nil, errLayout
	}
	return opened(data[:1:1], data[1:])
}

// obuFrame is the header of an OBU_FRAME without a size.
const obuFrame = 0x30

func sealAV1(frame []byte, _ bool, sealed sealing) ([]byte, error) {
	clear := []byte{obuFrame}
	f, err := sealed(clear, frame)
	return append(clear, f...), err
}

// sequenceHeader is what a transform of a browser puts before a key frame.
var sequenceHeader = []byte{0x0a, 0x0a, 0x00, 0x00, 0x00, 0x24, 0xc4, 0xff, 0xdf, 0x00, 0x68, 0x02}

func openAV1(data []byte, opened sealing) ([]byte, error) {
	data = bytes.TrimPrefix(data, sequenceHeader)
	if len(data) < 2 || data[0] != obuFrame {
		return nil, errLayout
	}
	return opened([]byte{obuFrame}, data[1:])
}
