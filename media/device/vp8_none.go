//go:build cgo && !vpx

package device

import "github.com/sotto-calls/sotto/media"

func newVP8(encoderConfig) (encoder, error) {
	return nil, &media.DeviceError{
		Device: "VP8 encoder", Fault: media.DeviceNotBuilt,
		Advice: "build with -tags vpx, which needs libvpx and its headers (Debian: libvpx-dev) and pkg-config, or use H264",
	}
}
