// Package choice is devices as the examples' flags name them: pulse:NAME, device:NAME, ffmpeg:…, test or none.
package choice

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sotto-calls/sotto/media/device"
	"github.com/sotto-calls/sotto/media/ffmpeg"
	"github.com/sotto-calls/sotto/media/pcm"
	"github.com/sotto-calls/sotto/media/pulse"
)

// Backends of a device.
const (
	Test   = "test"   // a picture or a tone made of nothing; a speaker that plays nothing
	None   = "none"   // no device
	FFmpeg = "ffmpeg" // the program ffmpeg
	Pulse  = "pulse"  // PulseAudio or PipeWire
	Native = "device" // the system's own, in a program built with cgo
)

// Cameras and Sounds are the backends that there are for each.
var (
	Cameras = []string{Test, None, FFmpeg, Native}
	Sounds  = []string{Test, None, FFmpeg, Pulse, Native}
)

// A Device is one that a flag names.
type Device struct {
	Backend string
	Name    string // what the backend calls it; "" is its default
}

var errFFmpegName = errors.New("ffmpeg needs to be told what: ffmpeg:camera:/dev/video0, ffmpeg:rtsp://…, ffmpeg:file:PATH, ffmpeg:FORMAT:URL")

// Parse reads BACKEND or BACKEND:NAME, of one of these backends.
func Parse(text string, backends []string) (Device, error) {
	backend, name, _ := strings.Cut(text, ":")
	switch {
	case !slices.Contains(backends, backend):
		return Device{}, fmt.Errorf("want %s, and :NAME after it", strings.Join(backends, ", "))
	case (backend == Test || backend == None) && name != "":
		return Device{}, fmt.Errorf("%s takes no name", backend)
	case backend == FFmpeg && name == "":
		return Device{}, errFFmpegName
	}
	return Device{backend, name}, nil
}

// String is what the flag says, but for all of a URL behind its scheme: there, and in the path, cameras have their password.
func (d Device) String() string {
	if d.Name == "" {
		return d.Backend
	}
	name := d.Name
	if scheme, _, ok := strings.Cut(name, "://"); ok && d.Backend == FFmpeg {
		name = scheme + "://…"
	}
	return d.Backend + ":" + name
}

// A Flag is the value of a flag that names a device.
type Flag struct {
	Device
	Backends []string // that it may name
}

// Set reads the flag.
func (f *Flag) Set(text string) (err error) {
	d, err := Parse(text, f.Backends)
	if err == nil {
		f.Device = d
	}
	return err
}

// String is the flag's default in the help.
func (f *Flag) String() string {
	if f == nil {
		return ""
	}
	return f.Device.String()
}

// Input is what ffmpeg reads: camera:DEVICE, screen:DISPLAY, file:PATH, rtsp://…, or FORMAT:URL.
func (d Device) Input() (ffmpeg.Input, error) {
	if strings.HasPrefix(d.Name, "rtsp://") || strings.HasPrefix(d.Name, "rtsps://") {
		return ffmpeg.RTSP(d.Name, ffmpeg.RTSPOptions{}), nil
	}
	what, which, ok := strings.Cut(d.Name, ":")
	switch what {
	case "camera":
		return ffmpeg.Camera(which), nil
	case "screen":
		return ffmpeg.Screen(which), nil
	case "file":
		return ffmpeg.File(which), nil
	}
	if !ok {
		return ffmpeg.Input{}, errFFmpegName
	}
	return ffmpeg.Format(what, which, nil), nil
}

// Loops says whether it is a file, which a call plays again and again.
func (d Device) Loops() bool { return d.Backend == FFmpeg && strings.HasPrefix(d.Name, "file:") }

// Microphone is what opens a microphone; nil for none.
func (d Device) Microphone() (func(context.Context) (pcm.Input, error), error) {
	switch d.Backend {
	case Test:
		return func(context.Context) (pcm.Input, error) { return NewTone(), nil }, nil
	case Pulse:
		return pulse.Microphone(d.Name), nil
	case Native:
		return device.Microphone(d.Name), nil
	case FFmpeg:
		in, err := d.Input()
		if err != nil {
			return nil, err
		}
		return ffmpeg.Microphone(in), nil
	}
	return nil, nil
}

// Speaker is what opens a speaker; nil for none. heard is told what the test speaker would play: see NewDummy.
func (d Device) Speaker(heard func(level uint8)) func(context.Context) (pcm.Output, error) {
	switch d.Backend {
	case Test:
		return func(context.Context) (pcm.Output, error) { return NewDummy(heard), nil }
	case Pulse:
		return pulse.Speaker(d.Name)
	case Native:
		return device.Speaker(d.Name)
	case FFmpeg:
		return ffmpeg.Speaker(d.output())
	}
	return nil
}

// output is what ffmpeg writes to, of FORMAT:URL. What pulse has for a URL is the title of a stream: which device it plays on is
// an option, and "default" is no device's name, but what its input, too, has for none.
func (d Device) output() (format, url string, options map[string]string) {
	format, url, _ = strings.Cut(d.Name, ":")
	if format != "pulse" {
		return format, url, nil
	}
	if url != "" && url != "default" {
		options = map[string]string{"device": url}
	}
	return format, "", options
}
