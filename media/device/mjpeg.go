//go:build cgo

package device

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"

	"github.com/pion/mediadevices/pkg/frame"
)

// mjpeg decodes one picture of Motion JPEG, with or without its Huffman tables, which mediadevices' decoder adds.
func mjpeg(dst *image.YCbCr, b []byte) error {
	width, height := dst.Rect.Dx(), dst.Rect.Dy()
	claim, err := jpeg.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		return err
	}
	// Whoever claims more than was agreed on takes memory at will.
	if claim.Width < width || claim.Height < height || claim.Width > width+16 || claim.Height > height+16 {
		return fmt.Errorf("a picture of %dx%d instead of %dx%d", claim.Width, claim.Height, width, height)
	}
	decoder, err := frame.NewDecoder(frame.FormatMJPEG)
	if err != nil {
		return err
	}
	picture, release, err := decoder.Decode(b, width, height)
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
