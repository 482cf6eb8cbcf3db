//go:build cgo && !vpx

package device

import "github.com/sotto-calls/sotto/media"

func newVP8(encoderConfig) (encoder, error) {
	return nil, noEncoder(media.VP8, "build with -tags vpx, which needs libvpx and its headers (Debian: libvpx-dev) and pkg-config, or use H264")
}
