//go:build cgo && !((linux && (amd64 || arm64 || arm)) || (darwin && (amd64 || arm64)) || (windows && amd64))

package device

import "github.com/sotto-calls/sotto/media"

func newH264(encoderConfig) (encoder, error) {
	return nil, &media.DeviceError{
		Device: "H264 encoder", Fault: media.DeviceNotBuilt,
		Advice: "OpenH264 is not bundled for this platform: build with -tags vpx and use VP8, or use media/ffmpeg",
	}
}
