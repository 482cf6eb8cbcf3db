//go:build cgo && vpx

package device

// #cgo pkg-config: vpx
// #include "vp8.h"
import "C"

import (
	"fmt"
	"image"
	"time"
)

// A vp8Encoder is libvpx for real time: constant bitrate, error resilient, one thread, cpu-used -8. mediadevices' wrapper
// can set none of the last three, and costs ten times as much.
type vp8Encoder struct {
	handle        *C.sotto_vp8
	width, height int
}

func newVP8(cfg encoderConfig) (encoder, error) {
	screen := C.int(0)
	if cfg.screen {
		screen = 1
	}
	var why *C.char
	h := C.sotto_vp8_new(C.uint(cfg.width), C.uint(cfg.height), C.uint(cfg.bitrate/1000), screen, &why)
	if h == nil {
		return nil, fmt.Errorf("device: libvpx: %s", C.GoString(why))
	}
	return &vp8Encoder{handle: h, width: cfg.width, height: cfg.height}, nil
}

func (e *vp8Encoder) encode(p *image.YCbCr, at time.Duration, key bool) ([]byte, bool, error) {
	if e.handle == nil {
		return nil, false, errClosed
	}
	if p.Rect.Dx() != e.width || p.Rect.Dy() != e.height {
		return nil, false, errOtherSize
	}
	force := C.int(0)
	if key {
		force = 1
	}
	var size, isKey C.int
	ticks := int64(at * 90 / time.Millisecond)
	data := C.sotto_vp8_encode(e.handle, (*C.uchar)(&p.Y[0]), (*C.uchar)(&p.Cb[0]), (*C.uchar)(&p.Cr[0]),
		C.int(p.YStride), C.int(p.CStride), C.longlong(ticks), force, &size, &isKey)
	if size < 0 {
		return nil, false, fmt.Errorf("device: libvpx: %s", C.GoString(C.sotto_vp8_error(e.handle)))
	}
	if size == 0 {
		return nil, false, nil
	}
	frame := make([]byte, int(size))
	C.sotto_vp8_copy((*C.uchar)(&frame[0]), data, size)
	return frame, isKey != 0, nil
}

func (e *vp8Encoder) setBitrate(bps int) error {
	if C.sotto_vp8_bitrate(e.handle, C.uint(bps/1000)) != 0 {
		return fmt.Errorf("device: libvpx: bitrate %d: %s", bps, C.GoString(C.sotto_vp8_error(e.handle)))
	}
	return nil
}

func (e *vp8Encoder) close() error {
	if e.handle != nil {
		C.sotto_vp8_free(e.handle)
		e.handle = nil
	}
	return nil
}
