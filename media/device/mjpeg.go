//go:build cgo

package device

import (
	"fmt"
	"image"

	"github.com/pion/mediadevices/pkg/frame"
)

// mjpeg decodes one picture of Motion JPEG, with or without its Huffman tables, which mediadevices' decoder adds.
func mjpeg(dst *image.YCbCr, b []byte) error {
	decoder, err := frame.NewDecoder(frame.FormatMJPEG)
	if err != nil {
		return err
	}
	picture, release, err := decoder.Decode(b, dst.Rect.Dx(), dst.Rect.Dy())
	if err != nil {
		return err
	}
	defer release()
	p, ok := picture.(*image.YCbCr)
	if !ok {
		return fmt.Errorf("a picture in %T instead of colours", picture)
	}
	return fromJPEG(dst, p)
}
