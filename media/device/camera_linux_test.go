//go:build cgo

package device

import (
	"context"
	"errors"
	"strings"
	"syscall"
	"testing"

	"github.com/sotto-calls/sotto/media"
)

func TestCameraErrors(t *testing.T) {
	for errno, want := range map[syscall.Errno]media.DeviceFault{
		syscall.EBUSY: media.DeviceBusy, syscall.EACCES: media.DeviceDenied, syscall.EPERM: media.DeviceDenied,
		syscall.ENOENT: media.DeviceMissing, syscall.ENODEV: media.DeviceGone, syscall.EIO: media.DeviceGone,
		syscall.EINVAL: media.DeviceUnsupported, syscall.ENOSPC: media.DeviceUnsupported,
	} {
		err := cameraError("cam", errno)
		if faultOf(err) != want || !strings.Contains(err.Error(), "cam") {
			t.Errorf("%v: %v", errno, err)
		}
	}
	if err := cameraError("cam", syscall.EACCES); !strings.Contains(err.Error(), "group video") {
		t.Error(err)
	}
}

func TestNoCamera(t *testing.T) {
	if _, err := OpenCamera(VideoConfig{Device: "/dev/null"}); faultOf(err) != media.DeviceMissing {
		t.Error(err)
	}
	// A node that is no camera.
	if _, err := openCamera(Info{ID: "null", Name: "null"}, VideoConfig{}); faultOf(err) != media.DeviceGone {
		t.Error(err)
	}
	if _, err := openCamera(Info{ID: "nonsense", Name: "nonsense"}, VideoConfig{}); faultOf(err) != media.DeviceMissing {
		t.Error(err)
	}
}

// A camera that is not wanted any more is not started, so that its lamp stays dark. If grab starts it before it looks at
// the context, this one, which has no handle, ends the test with SIGSEGV.
func TestUnwantedCameraIsNotStarted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var c camera
	if _, err := c.grab(ctx, nil); !errors.Is(err, context.Canceled) || c.started {
		t.Error(err, c.started)
	}
}

func TestFourCC(t *testing.T) {
	if s := fourCC(0x56595559); s != "YUYV" || parseFourCC(s) != 0x56595559 {
		t.Error(s)
	}
}
