//go:build cgo

package device

// #include "v4l2_linux.h"
import "C"

import (
	"context"
	"errors"
	"fmt"
	"image"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/sotto-calls/sotto/media"
)

const (
	cameraPoll  = 50 * time.Millisecond // how soon a camera notices that it is not wanted
	maxCamera   = 1 << 13               // pixels each way that are believed
	cameraStall = 3 * time.Second       // a camera that sends nothing for so long has failed
)

// listCameras asks each video device what it is. One that another program uses answers too.
func listCameras() ([]Info, error) {
	nodes, err := filepath.Glob("/dev/video*")
	if err != nil {
		return nil, err
	}
	slices.SortFunc(nodes, func(a, b string) int {
		if len(a) != len(b) {
			return len(a) - len(b) // video2 before video10
		}
		return strings.Compare(a, b)
	})
	names := make(map[string]string)
	var cameras []string
	var errs []error
	for _, path := range nodes {
		node := filepath.Base(path)
		name, err := askCamera(node)
		if err == nil {
			cameras, names[node] = append(cameras, node), name
		} else if !errors.Is(err, syscall.ENODEV) { // what takes no pictures, as the second node of many cameras
			errs = append(errs, cameraError(path, err))
		}
	}
	ids := cameraIDs(cameraLinks, names)
	var all []Info
	for i, node := range cameras {
		all = append(all, Info{ID: ids[node], Name: names[node], Kind: KindCamera, Default: i == 0})
	}
	return all, errors.Join(errs...)
}

// askCamera asks a node what it calls itself.
func askCamera(node string) (string, error) {
	var facts C.struct_sotto_camera_facts
	if err := errnoOf(C.sotto_camera_ask(cPath("/dev/"+node), &facts)); err != nil {
		return "", err
	}
	return C.GoString(&facts.name[0]), nil
}

// findCamera looks for the camera now, and again whenever it is opened: in another port, or after others came, it is another node.
func findCamera(cfg VideoConfig) (string, opener, error) {
	all, listErr := listCameras()
	info, err := find(all, KindCamera, cfg.Device, func(i Info) []string { return cameraWords(cameraLinks, i.ID) })
	if err != nil {
		if denied, ok := errors.AsType[*media.DeviceError](listErr); ok {
			return "", nil, denied
		}
		return "", nil, err
	}
	id := info.ID
	if cfg.Device != "" && places(cameraLinks)[cameraNode(cameraLinks, id)].port == cfg.Device {
		id = cfg.Device // whatever camera is in that port
	}
	w := &whereabouts{links: cameraLinks, id: id, name: info.Name, made: madeAt, ask: func(node string) string {
		name, _ := askCamera(node) // "": it is none, or cannot be asked
		return name
	}}
	var last *camera
	return info.Name, func() (grabber, error) {
		if last != nil && last.heard.After(w.seen) {
			w.seen = last.heard
		}
		node, err := w.node()
		if err != nil {
			return nil, err
		}
		c, err := openCamera("/dev/"+node, info.Name, cfg)
		if err != nil {
			return nil, err
		}
		last = c
		return c, nil
	}, nil
}

// A camera is a V4L2 device that takes pictures.
type camera struct {
	handle  *C.sotto_camera
	name    string
	format  C.struct_sotto_camera_format
	fourcc  string
	raw     []byte
	started bool
	heard   time.Time // when the last picture came
}

func openCamera(path, name string, cfg VideoConfig) (*camera, error) {
	c := &camera{name: name}
	if err := errnoOf(C.sotto_camera_open(cPath(path), &c.handle)); err != nil {
		return nil, cameraError(c.name, err)
	}
	if err := c.configure(cfg); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// configure chooses how the camera sends, without starting it. That fails while another program has the camera started.
func (c *camera) configure(cfg VideoConfig) error {
	m, ok := best(c.modes(cfg.Width, cfg.Height), cfg.Width, cfg.Height, cfg.FrameRate)
	if !ok {
		return c.unsupported("it has no picture format that is understood (YU12, NV12, NV21, YUYV, UYVY, MJPG): try media/ffmpeg")
	}
	c.format = C.struct_sotto_camera_format{
		fourcc: C.uint(parseFourCC(m.fourcc)), width: C.uint(m.width), height: C.uint(m.height),
		fps_numerator: C.uint(cfg.FrameRate), fps_denominator: 1,
	}
	if err := errnoOf(C.sotto_camera_set(c.handle, &c.format)); err != nil {
		return cameraError(c.name, err)
	}
	c.fourcc = fourCC(uint32(c.format.fourcc))
	width, height := int(c.format.width), int(c.format.height)
	known := unpackers[c.fourcc] != nil || c.fourcc == "MJPG"
	if !known || width < 2 || height < 2 || width > maxCamera || height > maxCamera || c.format.size > 4*maxCamera*maxCamera {
		return c.unsupported(fmt.Sprintf("it wants to send %q at %dx%d: choose another size", c.fourcc, width, height))
	}
	c.raw = make([]byte, max(int(c.format.size), 1))
	return nil
}

func (c *camera) unsupported(advice string) error {
	return &media.DeviceError{Device: c.name, Fault: media.DeviceUnsupported, Advice: advice}
}

// modes are those that can be read, sizes in a range at the one that is closest.
func (c *camera) modes(width, height int) (all []mode) {
	for n := C.uint(0); n < 64; n++ {
		var code C.uint
		if C.sotto_camera_fourcc(c.handle, n, &code) < 0 {
			break
		}
		name := fourCC(uint32(code))
		if unpackers[name] == nil && name != "MJPG" {
			continue
		}
		all = append(all, c.sizes(name, code, width, height)...)
	}
	return all
}

func (c *camera) sizes(name string, code C.uint, width, height int) (all []mode) {
	for n := C.uint(0); n < 64; n++ {
		var least, most, step [2]C.uint
		r := C.sotto_camera_size(c.handle, code, n, &least[0], &most[0], &step[0])
		if r < 0 {
			break
		}
		m := mode{fourcc: name, width: int(most[0]), height: int(most[1])}
		if r > 0 {
			m.width = stepped(width, int(least[0]), int(most[0]), int(step[0]))
			m.height = stepped(height, int(least[1]), int(most[1]), int(step[1]))
		}
		var num, den C.uint
		C.sotto_camera_fastest(c.handle, code, C.uint(m.width), C.uint(m.height), &num, &den)
		if num > 0 {
			m.fps = float64(den) / float64(num)
		}
		all = append(all, m)
		if r > 0 {
			break
		}
	}
	return all
}

func (c *camera) size() (int, int) { return int(c.format.width) &^ 1, int(c.format.height) &^ 1 }

func (c *camera) grab(ctx context.Context, dst *image.YCbCr) (time.Time, error) {
	if err := ctx.Err(); err != nil { // muted or closed while the camera was opened: its lamp must not go on
		return time.Time{}, err
	}
	if !c.started {
		if err := errnoOf(C.sotto_camera_start(c.handle)); err != nil {
			return time.Time{}, cameraError(c.name, err)
		}
		c.started, c.heard = true, time.Now()
	}
	for ctx.Err() == nil {
		var age C.longlong
		n := C.sotto_camera_read(c.handle, C.int(cameraPoll/time.Millisecond), (*C.uchar)(&c.raw[0]), C.uint(len(c.raw)), &age)
		if err := errnoOf(n); err != nil {
			return time.Time{}, cameraError(c.name, err)
		}
		now := time.Now()
		if n == 0 || c.unpack(dst, c.raw[:n]) != nil { // none yet, or a damaged one
			if now.Sub(c.heard) > cameraStall {
				return time.Time{}, &media.DeviceError{
					Device: c.name, Fault: media.DeviceGone, Advice: "it sends no pictures: plug it in again, or try a smaller size",
				}
			}
			continue
		}
		c.heard = now
		return now.Add(-min(max(time.Duration(age)*time.Microsecond, 0), time.Second)), nil
	}
	return time.Time{}, ctx.Err()
}

func (c *camera) unpack(dst *image.YCbCr, b []byte) error {
	if c.fourcc == "MJPG" {
		return mjpeg(dst, b)
	}
	return unpackers[c.fourcc](dst, b, int(c.format.stride))
}

func (c *camera) close() {
	if c.handle != nil {
		C.sotto_camera_close(c.handle)
		c.handle = nil
	}
}

// cPath is a path as C wants it.
func cPath(path string) *C.uchar {
	return (*C.uchar)(&append([]byte(path), 0)[0])
}
