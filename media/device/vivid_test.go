//go:build cgo && linux

package device

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/blackjack/webcam"
	"github.com/sotto-calls/sotto/media"
)

// TestCameraInQEMU runs the tests below beside a V4L2 camera without hardware: the kernel's module vivid in a guest of
// qemu. It is for those who ask: SOTTO_QEMU=1. The first run fetches a kernel, of 70 MB.
func TestCameraInQEMU(t *testing.T) {
	if os.Getenv("SOTTO_QEMU") != "1" {
		t.Skip("boots a kernel in qemu; set SOTTO_QEMU=1")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	c := exec.CommandContext(t.Context(), "sh", "vivid.sh", filepath.Join(cache, "sotto-vivid"), self, "-test.v", "-test.run", "^TestVivid")
	out, err := c.CombinedOutput()
	text := regexp.MustCompile(`(?m)^h264 .*\n`).ReplaceAll(out, nil)
	t.Logf("%v\n%s", time.Since(begin).Round(time.Second), text)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(text, []byte("--- SKIP")) || !bytes.Contains(text, []byte("--- PASS: TestVividIsPulled")) {
		t.Error("not all tests ran")
	}
	path := filepath.Join(t.TempDir(), "camera")
	var stream []byte
	for line := range strings.Lines(string(out)) {
		if s, ok := strings.CutPrefix(line, "h264 "); ok {
			b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(s))
			if err != nil {
				t.Fatal(err)
			}
			stream = append(stream, b...)
		}
	}
	if err := os.WriteFile(path, stream, 0o600); err != nil {
		t.Fatal(err)
	}
	shown := decode(t, media.H264, path, sceneW, sceneH)
	if len(shown) != vividFrames {
		t.Fatalf("%d pictures of %d", len(shown), vividFrames)
	}
	// vivid shows colour bars: from white at the left to black at the right.
	left, right := shown[vividFrames-1].YCbCrAt(30, 200), shown[vividFrames-1].YCbCrAt(610, 200)
	if left.Y < 160 || right.Y > 60 || far(int(left.Cb), 128) || far(int(left.Cr), 128) {
		t.Errorf("left %v, right %v", left, right)
	}
}

const vividFrames = 30

// vivid skips outside the guest.
func vivid(t *testing.T) {
	t.Helper()
	if os.Getenv("SOTTO_VIVID") == "" {
		t.Skip("TestCameraInQEMU runs it in its guest")
	}
}

func TestVividIsListed(t *testing.T) {
	vivid(t)
	all, err := listCameras()
	if err != nil || len(all) != 1 || all[0] != (Info{ID: "video0", Name: "vivid", Kind: KindCamera, Default: true}) {
		t.Errorf("%+v %v", all, err)
	}
	_, err = OpenCamera(VideoConfig{Device: "other"})
	if faultOf(err) != media.DeviceMissing || !strings.Contains(err.Error(), "vivid") {
		t.Error(err)
	}
}

// TestVividIsSeen prints what the camera showed, for the test outside to look at.
func TestVividIsSeen(t *testing.T) {
	vivid(t)
	v, err := OpenCamera(VideoConfig{Device: "/dev/video0", FrameRate: 15})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	if info := v.Track(); info.Width != sceneW || info.Height != sceneH || info.Label != "vivid" {
		t.Errorf("%+v", info)
	}
	var first, last media.Frame
	var lines strings.Builder // printed at the end: the guest's console is slow
	for n := range vividFrames {
		f, err := v.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			first = f
		}
		if f.Key != (n == 0) || f.Time <= last.Time {
			t.Errorf("frame %d: key %t at %v after %v", n, f.Key, f.Time, last.Time)
		}
		last = f
		fmt.Fprintln(&lines, "h264 "+base64.StdEncoding.EncodeToString(f.Data))
	}
	stats := v.Stats() // an emulated processor may be too slow to encode each
	rate := float64(stats.Captured-1) / (last.Time - first.Time).Seconds()
	t.Logf("%.2f pictures a second, %+v", rate, stats)
	fmt.Print(lines.String())
	if rate < 11 || rate > 17 {
		t.Errorf("%.2f pictures a second, want 15", rate)
	}
}

// TestVividFormats reads a few sizes, which the camera has or which are made of others.
func TestVividFormats(t *testing.T) {
	vivid(t)
	for _, c := range [][3]int{{1280, 720, 10}, {640, 480, 15}, {320, 240, 15}} {
		v, err := OpenCamera(VideoConfig{Width: c[0], Height: c[1], FrameRate: c[2]})
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if _, err := v.Read(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if err := v.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestVividIsBusy: a second user is told so, and muting makes room for it.
func TestVividIsBusy(t *testing.T) {
	vivid(t)
	v, err := OpenCamera(VideoConfig{FrameRate: 15})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	if _, err := v.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err = OpenCamera(VideoConfig{FrameRate: 15})
	if faultOf(err) != media.DeviceBusy || !errors.Is(err, syscall.EBUSY) {
		t.Errorf("in use: %v", err)
	}
	t.Log(err)
	v.SetMuted(true)
	begin := time.Now()
	for {
		second, err := OpenCamera(VideoConfig{FrameRate: 15})
		if err == nil {
			t.Logf("muted: free after %v", time.Since(begin))
			second.Close()
			break
		}
		if time.Since(begin) > 5*time.Second {
			t.Fatal(err)
		}
	}
	v.SetMuted(false)
	for {
		f, err := v.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if f.Key && f.Time > 0 {
			break
		}
	}
}

// TestVividIsPulled: a button of vivid pulls the camera; it is back once nobody holds it.
func TestVividIsPulled(t *testing.T) {
	vivid(t)
	events := make(chan media.DeviceEvent, 10)
	v, err := OpenCamera(VideoConfig{FrameRate: 15, Notify: func(e media.DeviceEvent) { events <- e }})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	if _, err := v.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	button, err := webcam.Open("/dev/video0")
	if err != nil {
		t.Fatal(err)
	}
	const disconnect = webcam.ControlID(0x00f0f000 + 65) // VIVID_CID_DISCONNECT
	begin := time.Now()
	if err := button.SetControl(disconnect, 1); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	select {
	case e := <-events:
		if e.Up || faultOf(e.Err) != media.DeviceGone {
			t.Errorf("%+v", e)
		}
		t.Logf("told after %v: %v", time.Since(begin), e.Err)
	case <-ctx.Done():
		t.Fatal("nobody is told")
	}
	if err := button.Close(); err != nil {
		t.Error(err)
	}
	for {
		f, err := v.Read(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if f.Key {
			break
		}
	}
	if e := <-events; !e.Up || e.Err != nil {
		t.Errorf("%+v", e)
	}
	t.Logf("back after %v", time.Since(begin))
}
