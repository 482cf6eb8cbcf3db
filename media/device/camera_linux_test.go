//go:build cgo

package device

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

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
	if _, err := openCamera("/dev/null", "null", VideoConfig{}); faultOf(err) != media.DeviceGone {
		t.Error(err)
	}
	if _, err := openCamera("/dev/nonsense", "nonsense", VideoConfig{}); faultOf(err) != media.DeviceMissing {
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
	wantIDs := func(names, want map[string]string) {
		t.Helper()
		if ids := cameraIDs(links, names); !maps.Equal(ids, want) {
			t.Errorf("%v, want %v", ids, want)
		}
	}
	wantIDs(map[string]string{"video0": "one", "video2": "other"}, want)
	wantNodes := func(nodes map[string]string) {
		t.Helper()
		for id, want := range nodes {
			if node := cameraNode(links, id); node != want {
				t.Errorf("%s is %s, want %s", id, node, want)
			}
		}
	}
	wantNodes(map[string]string{"webcam": "video0", "port-2": "video2", "video7": "video7"})

	link("by-id/webcam", "video2") // both were pulled, and came back the other way round
	link("by-path/port-1", "video2")
	link("by-path/port-2", "video0")
	wantNodes(map[string]string{"webcam": "video2", "port-2": "video0"})

	// Two of one model, without serial numbers: udev's name is of either.
	twins := map[string]string{"video0": "twin", "video2": "twin", "video4": "other"}
	wantIDs(twins, map[string]string{"video0": "port-2", "video2": "port-1", "video4": "video4"})
	link("by-id/webcam-2", "video0") // with serial numbers
	wantIDs(twins, map[string]string{"video0": "webcam-2", "video2": "webcam", "video4": "video4"})

	if words := cameraWords(links, "webcam"); !slices.Contains(words, "port-1") {
		t.Errorf("a camera whose id was its port is found by %q alone", words)
	}

	none := filepath.Join(links, "none")
	if id := cameraIDs(none, twins)["video0"]; id != "video0" || cameraNode(none, "video0") != "video0" {
		t.Errorf("without udev: %v", id)
	}
}

// A camera that was the only one of its model when it was found, and to whose name udev then links another one, is itself where it
// was, and is not that one. In another port it is found, if it came there after it went.
func TestCameraIsNotItsTwin(t *testing.T) {
	links, link := udev(t)
	pull := func(names ...string) {
		t.Helper()
		for _, name := range names {
			if err := os.Remove(filepath.Join(links, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	began := time.Now()
	made := map[string]time.Time{"video0": began.Add(-time.Hour)}
	names := map[string]string{"video0": "twin"}
	w := &whereabouts{links: links, id: "webcam", name: "twin",
		ask:  func(node string) string { return names[node] },
		made: func(node string) time.Time { return made[node] }}
	wants := func(when, want string) {
		t.Helper()
		if node, err := w.node(); node != want || (err == nil) != (want != "") || err != nil && faultOf(err) != media.DeviceGone {
			t.Errorf("%s: %q, %v; want %q", when, node, err, want)
		}
	}
	link("by-path/port-1", "video0")
	link("by-id/webcam", "video0")
	wants("alone", "video0")

	made["video2"], names["video2"] = began.Add(time.Minute), "twin"
	link("by-path/port-2", "video2")
	link("by-id/webcam", "video2")
	wants("the twin came", "video0")
	w.seen = began.Add(2 * time.Minute)
	pull("by-path/port-1")
	wants("it went", "")

	made["video4"], names["video4"] = began.Add(3*time.Minute), "twin"
	link("by-path/port-1", "video4")
	wants("it is back", "video4")
	pull("by-path/port-1", "by-path/port-2", "by-id/webcam") // the hub lost its power
	wants("all are away", "webcam")
	link("by-path/port-2", "video2")
	link("by-path/port-1", "video4")
	made["video2"] = began.Add(4 * time.Minute)
	link("by-id/webcam", "video2")
	wants("all are back", "video4")
	made["video2"] = began.Add(time.Minute)
	names["video4"] = "another"
	wants("something else is in its port", "")

	pull("by-path/port-1", "by-path/port-2")
	made["video6"] = began.Add(4 * time.Minute)
	link("by-path/port-3", "video6")
	link("by-id/webcam", "video6")
	wants("in another port", "video6")
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
