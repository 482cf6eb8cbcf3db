//go:build cgo

package device

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
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

// udev keeps links as udev does, in a directory that it returns: link says where a name points.
func udev(t *testing.T) (links string, link func(name, node string)) {
	t.Helper()
	links = t.TempDir()
	return links, func(name, node string) {
		t.Helper()
		path := filepath.Join(links, name)
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.Symlink("../../"+node, path)); err != nil {
			t.Fatal(err)
		}
	}
}

// A camera goes by its own name, or else by that of its port, and is found by it in whatever node it gets. It fails if the
// order of by-path and by-id is another, or if a node is remembered.
func TestCameraKeepsItsID(t *testing.T) {
	links, link := udev(t)
	link("by-path/port-1", "video0")
	link("by-path/port-2", "video2")
	link("by-id/webcam", "video0")
	want := map[string]string{"video0": "webcam", "video2": "port-2"}
	if ids := cameraIDs(links); !maps.Equal(ids, want) {
		t.Errorf("%v, want %v", ids, want)
	}
	wantNodes := func(nodes map[string]string) {
		t.Helper()
		for id, want := range nodes {
			if node := cameraNode(links, id); node != want {
				t.Errorf("%s is %s, want %s", id, node, want)
			}
		}
	}
	wantNodes(map[string]string{"webcam": "/dev/video0", "port-2": "/dev/video2", "video7": "/dev/video7"})

	link("by-id/webcam", "video2") // both were pulled, and came back the other way round
	link("by-path/port-1", "video2")
	link("by-path/port-2", "video0")
	wantNodes(map[string]string{"webcam": "/dev/video2", "port-2": "/dev/video0"})

	none := filepath.Join(links, "none")
	if ids := cameraIDs(none); len(ids) > 0 || cameraNode(none, "video0") != "/dev/video0" {
		t.Errorf("without udev: %v", ids)
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
