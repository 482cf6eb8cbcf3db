//go:build cgo && !((linux && (amd64 || arm64 || arm)) || (darwin && (amd64 || arm64)) || (windows && amd64))

package device

import "github.com/sotto-calls/sotto/media"

func newH264(encoderConfig) (encoder, error) {
	return nil, noEncoder(media.H264, "OpenH264 is not bundled for this platform: build with -tags vpx and use VP8, or use media/ffmpeg")
}
