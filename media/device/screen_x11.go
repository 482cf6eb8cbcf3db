//go:build cgo && linux && (386 || amd64 || arm || arm64 || riscv64)

package device

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"os"
	"strings"
	"time"

	"github.com/gen2brain/shm"
	"github.com/jezek/xgb"
	xshm "github.com/jezek/xgb/shm"
	"github.com/jezek/xgb/xproto"
	"github.com/sotto-calls/sotto/media"
)

// listScreens names the display of the environment, if it can be reached.
func listScreens() ([]Info, error) {
	display := os.Getenv("DISPLAY")
	if display == "" {
		return nil, nil
	}
	x, err := dialX(display)
	if err != nil {
		return nil, err
	}
	defer x.close()
	name := fmt.Sprintf("X11 %s, %dx%d", display, x.root.WidthInPixels, x.root.HeightInPixels)
	return []Info{{ID: display, Name: name, Kind: KindScreen, Default: true}}, nil
}

// findScreen takes any display: those of other users and machines are in no list.
func findScreen(cfg VideoConfig) (string, opener, error) {
	display := displayOf(cfg.Device)
	if display == "" {
		return "", nil, &media.DeviceError{
			Device: "screen", Fault: media.DeviceMissing,
			Advice: "there is no X11 display: set DISPLAY; a Wayland session without XWayland can be had through media/ffmpeg only",
		}
	}
	return display, func() (grabber, error) { return openScreen(display, cfg.FrameRate) }, nil
}

// displayOf is the display that is listed under a name or a part of one, and else what is wanted itself. Part of a name has no
// colon: ":1" is not the display ":10".
func displayOf(want string) string {
	if want == "" {
		return os.Getenv("DISPLAY")
	}
	all, _ := listScreens() // one that cannot be reached has no name
	for _, i := range all {
		part := !strings.Contains(want, ":") && strings.Contains(strings.ToLower(i.Name), strings.ToLower(want))
		if i.Name == want || part {
			return i.ID
		}
	}
	return want
}

// An xConn is a connection to an X server.
type xConn struct {
	*xgb.Conn
	root    *xproto.ScreenInfo
	drained chan struct{}
}

func dialX(display string) (*xConn, error) {
	xgb.Logger.SetOutput(io.Discard) // what it writes to stderr comes as an error too
	conn, err := xgb.NewConnDisplay(display)
	if err != nil {
		return nil, screenError(display, err)
	}
	x := &xConn{Conn: conn, root: xproto.Setup(conn).DefaultScreen(conn), drained: make(chan struct{})}
	go func() { // events that every client gets; unread, they would hold up the replies some day
		defer close(x.drained)
		for {
			if event, err := conn.WaitForEvent(); event == nil && err == nil {
				return
			}
		}
	}()
	return x, nil
}

func (x *xConn) close() {
	x.Close()
	<-x.drained
}

// extension asks for an extension. The Init of the extension's package writes a map that other connections read.
func (x *xConn) extension(name string) bool {
	reply, err := xproto.QueryExtension(x.Conn, uint16(len(name)), name).Reply()
	if err != nil || reply == nil || !reply.Present {
		return false
	}
	x.ExtLock.Lock()
	defer x.ExtLock.Unlock()
	x.Extensions[name] = reply.MajorOpcode
	return true
}

// A screen is the root window of a display. Its pictures come through memory that is shared with the X server; where that
// cannot be, as over a network, through the connection.
type screen struct {
	x             *xConn
	display       string
	width, height int
	segment       xshm.Seg
	memory        []byte // nil: not shared
	clock         *time.Ticker
	frames, rate  int
}

func openScreen(display string, rate int) (grabber, error) {
	x, err := dialX(display)
	if err != nil {
		return nil, err
	}
	s := &screen{x: x, display: display, width: int(x.root.WidthInPixels), height: int(x.root.HeightInPixels), rate: rate}
	if g, err := xproto.GetGeometry(x.Conn, xproto.Drawable(x.root.Root)).Reply(); err == nil && g != nil {
		s.width, s.height = int(g.Width), int(g.Height)
	}
	if why := s.unusable(); why != "" {
		x.close()
		return nil, &media.DeviceError{Device: display, Fault: media.DeviceUnsupported, Advice: why}
	}
	s.share()
	s.clock = time.NewTicker(time.Second / time.Duration(rate))
	return s, nil
}

// unusable says why pictures of the screen cannot be read, or nothing.
func (s *screen) unusable() string {
	setup := xproto.Setup(s.x.Conn)
	for _, f := range setup.PixmapFormats {
		if f.Depth == s.x.root.RootDepth && f.BitsPerPixel == 32 && setup.ImageByteOrder == xproto.ImageOrderLSBFirst {
			if s.width < 2 || s.height < 2 {
				return "the screen has no size"
			}
			return ""
		}
	}
	return fmt.Sprintf("its pixels are not of 32 bits, blue first (depth %d): start the X server with depth 24", s.x.root.RootDepth)
}

// share sets memory up, if it can be. It belongs to this user alone, and is gone with the last of the two that hold it.
func (s *screen) share() {
	if !s.x.extension("MIT-SHM") {
		return
	}
	id, err := shm.Get(shm.IPC_PRIVATE, s.width*s.height*4, shm.IPC_CREAT|0o600)
	if err != nil {
		return
	}
	defer shm.Rm(id)
	memory, err := shm.At(id, 0, 0)
	if err != nil {
		return
	}
	s.segment, err = xshm.NewSegId(s.x.Conn)
	if err == nil {
		err = xshm.AttachChecked(s.x.Conn, s.segment, uint32(id), false).Check()
	}
	if err != nil {
		shm.Dt(memory)
		return
	}
	s.memory = memory
}

func (s *screen) size() (int, int) { return s.width &^ 1, s.height &^ 1 }

func (s *screen) grab(ctx context.Context, dst *image.YCbCr) (time.Time, error) {
	select {
	case <-ctx.Done():
		return time.Time{}, ctx.Err()
	case <-s.clock.C:
	}
	if s.frames++; s.frames%s.rate == 0 {
		if err := s.checkSize(); err != nil {
			return time.Time{}, err
		}
	}
	at := time.Now()
	b, err := s.pixels()
	if err == nil {
		err = fromBGRA(dst, b, s.width*4)
	}
	if err != nil {
		if resized := s.checkSize(); resized != nil { // what is outside of a screen that shrank cannot be read
			return time.Time{}, resized
		}
		return time.Time{}, screenError(s.display, err)
	}
	return at, nil
}

var errResized = errors.New("the screen has another size now")

// checkSize fails when the screen has another size than when it was opened: it is opened again then.
func (s *screen) checkSize() error {
	g, err := xproto.GetGeometry(s.x.Conn, xproto.Drawable(s.x.root.Root)).Reply()
	if err == nil && g == nil {
		err = io.EOF
	}
	if err == nil && (int(g.Width) != s.width || int(g.Height) != s.height) {
		err = errResized
	}
	if err != nil {
		return screenError(s.display, err)
	}
	return nil
}

func (s *screen) pixels() ([]byte, error) {
	root, width, height := xproto.Drawable(s.x.root.Root), uint16(s.width), uint16(s.height)
	if s.memory != nil {
		reply, err := xshm.GetImage(s.x.Conn, root, 0, 0, width, height, ^uint32(0), xproto.ImageFormatZPixmap, s.segment, 0).Reply()
		if err == nil && reply == nil {
			err = io.EOF
		}
		return s.memory, err
	}
	reply, err := xproto.GetImage(s.x.Conn, xproto.ImageFormatZPixmap, root, 0, 0, width, height, ^uint32(0)).Reply()
	if err != nil {
		return nil, err
	}
	if reply == nil {
		return nil, io.EOF
	}
	return reply.Data, nil
}

func (s *screen) close() {
	s.clock.Stop()
	s.x.close()
	if s.memory != nil {
		shm.Dt(s.memory)
	}
}

func screenError(display string, err error) error {
	fault, advice := media.DeviceGone, "the X server ended, or closed the connection"
	switch {
	case errors.Is(err, errResized):
		advice = "it is opened again"
	case errors.Is(err, os.ErrPermission):
		fault, advice = media.DeviceDenied, "run as the user of the display"
	case !errors.Is(err, io.EOF):
		fault, advice = media.DeviceMissing, "no X server answers there, or it does not let this user in: check DISPLAY and XAUTHORITY"
	}
	return deviceError(display, fault, advice, err)
}
