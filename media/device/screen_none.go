//go:build cgo && !(linux && (386 || amd64 || arm || arm64 || riscv64))

package device

import "github.com/sotto-calls/sotto/media"

func listScreens() ([]Info, error) { return nil, nil }

func findScreen(VideoConfig) (string, opener, error) {
	return "", nil, &media.DeviceError{
		Device: "screen", Fault: media.DeviceUnsupported,
		Advice: "screens can be taken on Linux with X11 alone: use media/ffmpeg here",
	}
}
