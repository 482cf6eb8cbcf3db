//go:build cgo

package device

import "github.com/sotto-calls/sotto/media"

func newEncoder(codec media.Codec, cfg encoderConfig) (encoder, error) {
	if codec == media.VP8 {
		return newVP8(cfg)
	}
	return newH264(cfg)
}
