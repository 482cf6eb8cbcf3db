//go:build cgo && !linux

package device

import "github.com/sotto-calls/sotto/media"

func listCameras() ([]Info, error) { return nil, nil }

func findCamera(VideoConfig) (string, opener, error) {
	return "", nil, &media.DeviceError{
		Device: "camera", Fault: media.DeviceUnsupported,
		Advice: "cameras can be taken on Linux alone: use media/ffmpeg here",
	}
}
