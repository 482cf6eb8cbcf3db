//go:build cgo

package device

import (
	"errors"
	"syscall"

	"github.com/sotto-calls/sotto/media"
)

// cameraError says in words what is wrong with a camera.
func cameraError(name string, err error) error {
	fault, advice := media.DeviceUnsupported, "try another size or rate, or media/ffmpeg"
	switch {
	case errors.Is(err, syscall.EBUSY):
		fault, advice = media.DeviceBusy, "another program has it: close that one (fuser -v /dev/video* names it)"
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		fault, advice = media.DeviceDenied, "add the user to the group video (usermod -aG video USER) and log in again"
	case errors.Is(err, syscall.ENOENT), errors.Is(err, syscall.ENXIO):
		fault, advice = media.DeviceMissing, "plug it in"
	case errors.Is(err, syscall.ENODEV), errors.Is(err, syscall.EIO):
		fault, advice = media.DeviceGone, "plug it in again"
	case errors.Is(err, syscall.ENOSPC):
		fault, advice = media.DeviceUnsupported, "the USB bus has no bandwidth left: use another port, a smaller size or a lower rate"
	}
	return deviceError(name, fault, advice, err)
}

// errnoOf turns a negative result into the error that it stands for.
func errnoOf[T ~int32](result T) error {
	if result < 0 {
		return syscall.Errno(-result)
	}
	return nil
}

// fourCC spells a V4L2 pixel format.
func fourCC(code uint32) string {
	return string([]byte{byte(code), byte(code >> 8), byte(code >> 16), byte(code >> 24)})
}

func parseFourCC(s string) uint32 {
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
}
