package device

import (
	"errors"
	"fmt"

	"github.com/sotto-calls/sotto/media"
)

// A VideoConfig says what to take pictures of, and how to encode them. The zero value is the default device in H264.
type VideoConfig struct {
	// Device is an id or a name of List, or part of a name. "": the system's default. A screen is a display (":0").
	Device string
	// Width and Height are the size of the pictures that are sent, in pixels: even, 64 to 4096. Both 0: 640 and 360 for a
	// camera; for a screen as much of 1280 and 720 as its shape fills. A device that has another size is scaled. Where
	// the shape differs a camera's picture is cut, and a screen's gets black bars.
	Width, Height int
	// FrameRate is how many pictures a second are sent at most, 1 to 120; 0: 30. A device that is slower stays so.
	FrameRate int
	// Codec is H264, or VP8 in a program built with the tag vpx; "": H264.
	Codec media.Codec
	// Bitrate is the target in bits a second, 30,000 to 50,000,000; 0: by the size and rate, 800,000 for 640x360 at 30.
	Bitrate int
	// Label is the track's; "": the device's name.
	Label string
	// Notify is told when the device goes away and when it is back; it is called on the goroutine that takes the pictures
	// and must not block. nil: nobody is told.
	Notify func(media.DeviceEvent)
}

const (
	minSize, maxSize = 64, 4096
	minRate, maxRate = 30_000, 50_000_000
)

// complete fills in what is 0 and names every fault. The size may stay 0, if it is to follow the device.
func (c VideoConfig) complete() (VideoConfig, error) {
	if c.FrameRate == 0 {
		c.FrameRate = 30
	}
	if c.Codec == "" {
		c.Codec = media.H264
	}
	var errs []error
	if unset := c.Width == 0 && c.Height == 0; !unset && (!goodSize(c.Width) || !goodSize(c.Height)) {
		errs = append(errs, fmt.Errorf("device: %dx%d pixels: even numbers from %d to %d", c.Width, c.Height, minSize, maxSize))
	}
	if c.FrameRate < 1 || c.FrameRate > 120 {
		errs = append(errs, fmt.Errorf("device: %d frames a second: 1 to 120", c.FrameRate))
	}
	if c.Codec != media.H264 && c.Codec != media.VP8 {
		errs = append(errs, fmt.Errorf("device: codec %q: H264 and VP8 can be encoded", c.Codec))
	}
	if c.Bitrate != 0 && (c.Bitrate < minRate || c.Bitrate > maxRate) {
		errs = append(errs, fmt.Errorf("device: %d b/s: %d to %d", c.Bitrate, minRate, maxRate))
	}
	return c, errors.Join(errs...)
}

func goodSize(n int) bool { return n >= minSize && n <= maxSize && n%2 == 0 }

// usualBitrate is what a picture of people takes to look well: 0.116 bits a pixel.
func usualBitrate(width, height, fps int) int {
	return min(max(width*height*fps/8640*1000, minRate), maxRate)
}

// within is the largest even size of the shape of width and height that fits into maxWidth and maxHeight, never larger
// than the original.
func within(width, height, maxWidth, maxHeight int) (int, int) {
	w, h := min(width, maxWidth), min(height, maxHeight)
	if w*height > h*width {
		w = h * width / height
	} else {
		h = w * height / width
	}
	return max(w&^1, minSize), max(h&^1, minSize)
}
