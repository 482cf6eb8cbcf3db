package ffmpeg

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
)

const orphan = "SOTTO_TEST_ORPHAN"

// A process of ours dies with us, even if we are killed.
func TestDiesWithUs(t *testing.T) {
	need(t, "ffmpeg")
	if os.Getenv(orphan) != "" {
		s := mustOpen(t, Format("lavfi", picture, nil), Config{NoAudio: true})
		fmt.Println("pid", s.Stats().PID)
		<-t.Context().Done()
	}
	t.Parallel()
	c := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestDiesWithUs$")
	c.Env = append(os.Environ(), orphan+"=1")
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	pid := 0
	for lines := bufio.NewScanner(out); pid == 0 && lines.Scan(); {
		if n, ok := strings.CutPrefix(lines.Text(), "pid "); ok {
			pid, _ = strconv.Atoi(n)
		}
	}
	if pid == 0 || !alive(pid) {
		t.Errorf("no process: %d", pid)
	}
	_ = c.Process.Kill()
	_ = c.Wait()
	gone(t, pid)
}

// paint fills a rectangle of a screen.
func paint(t *testing.T, display string, rgb uint32, x, y int16, w, h uint16) {
	t.Helper()
	c, err := xgb.NewConnDisplay(display)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	root := xproto.Drawable(xproto.Setup(c).DefaultScreen(c).Root)
	gc, err := xproto.NewGcontextId(c)
	if err == nil {
		err = xproto.CreateGCChecked(c, gc, root, xproto.GcForeground, []uint32{rgb}).Check()
	}
	if err == nil {
		err = xproto.PolyFillRectangleChecked(c, root, gc, []xproto.Rectangle{{X: x, Y: y, Width: w, Height: h}}).Check()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// An X11 screen is a camera, too, and what is on it is seen; that there is none is said.
func TestScreen(t *testing.T) {
	t.Parallel()
	need(t, "ffmpeg", "Xvfb")
	x := exec.CommandContext(t.Context(), "Xvfb", "-displayfd", "1", "-screen", "0", "320x240x24", "-nolisten", "tcp", "-ac", "-noreset")
	out, err := x.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := x.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = x.Process.Kill(); _ = x.Wait() }()
	number, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	display := ":" + strings.TrimSpace(number)
	paint(t, display, 0xff0000, 0, 0, 320, 240)
	paint(t, display, 0x00ff00, 160, 120, 160, 120)
	s := mustOpen(t, Screen(display), Config{FrameRate: 10})
	if i := s.Video().Track(); i.Width != 320 || i.Height != 240 || s.Audio() != nil {
		t.Errorf("%+v", i)
	}
	frames := mustRead(t, s.Video(), 10)
	checkRate(t, frames, 100*time.Millisecond)
	for _, p := range decode(t, frames, 320, 240) {
		wantColour(t, p, 40, 40, red)
		wantColour(t, p, 280, 40, red)
		wantColour(t, p, 40, 200, red)
		wantColour(t, p, 280, 200, lime)
	}
	if _, err := Open(t.Context(), Screen(":4242"), Config{}); err == nil || !strings.Contains(err.Error(), "4242") {
		t.Error(err)
	}
	if _, err := Open(t.Context(), Camera("/dev/video4242"), Config{}); err == nil || !strings.Contains(err.Error(), "not found") {
		t.Error(err)
	}
}
