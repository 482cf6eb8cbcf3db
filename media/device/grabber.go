package device

import (
	"context"
	"image"
	"time"

	"github.com/sotto-calls/sotto/media"
)

// A grabber is an open device that yields pictures. One goroutine uses it.
type grabber interface {
	// size of the pictures, constant.
	size() (width, height int)
	// grab waits for the next picture and writes it to dst, which is 4:2:0 and of that size. It returns when the picture
	// was taken, and ctx.Err() soon after ctx has ended.
	grab(ctx context.Context, dst *image.YCbCr) (time.Time, error)
	close()
}

// An opener opens a device, or fails with a *media.DeviceError.
type opener func() (grabber, error)

// An encoder makes frames of pictures of one size. One goroutine at a time uses it.
type encoder interface {
	// encode returns a frame of the picture that was taken at a time that never goes back, and whether it is a key frame:
	// one, if key asks for it. No data means that the rate control skips the picture.
	encode(picture *image.YCbCr, at time.Duration, key bool) (data []byte, isKey bool, err error)
	setBitrate(bps int) error
	close() error
}

// An encoderMaker makes an encoder, or says why this program cannot.
type encoderMaker func(media.Codec, encoderConfig) (encoder, error)

// encoderConfig is what all encoders need to know.
type encoderConfig struct {
	width, height, fps, bitrate int
	screen                      bool // text and lines rather than people
}

func newPicture(width, height int) *image.YCbCr {
	return image.NewYCbCr(image.Rect(0, 0, width, height), image.YCbCrSubsampleRatio420)
}
