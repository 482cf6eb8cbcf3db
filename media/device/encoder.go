//go:build cgo

package device

import (
	"errors"

	"github.com/sotto-calls/sotto/media"
)

// errOtherSize keeps an encoder from reading beyond a picture.
var errOtherSize = errors.New("device: a picture of another size than the encoder's")

func newEncoder(codec media.Codec, cfg encoderConfig) (encoder, error) {
	if codec == media.VP8 {
		return newVP8(cfg)
	}
	return newH264(cfg)
}
