package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/device"
	"github.com/sotto-calls/sotto/media/pulse"
)

// A found device is one line of the list.
type found struct {
	Backend string `json:"backend"`
	Kind    string `json:"kind"` // camera, microphone, speaker, screen, monitor
	Use     string `json:"use"`  // what a flag takes; empty for a screen of device, which the examples do not use
	ID      string `json:"id"`
	Name    string `json:"name"`
	Default bool   `json:"default,omitempty"`
}

// A missing backend has no devices, and says why.
type missing struct {
	Backend string `json:"backend"`
	Why     string `json:"why"`
}

// list writes what all backends have. That one has nothing is no failure.
func list(ctx context.Context, o options, out io.Writer) error {
	devices, faults := []found{}, []missing{}
	for _, b := range []struct {
		name string
		list func(context.Context) ([]found, error)
	}{{"device", native}, {"pulse", pulses}, {"ffmpeg", ffmpegs}} {
		all, err := b.list(ctx)
		devices = append(devices, all...)
		if err != nil {
			faults = append(faults, missing{b.name, err.Error()})
		}
	}
	if o.json {
		return json.NewEncoder(out).Encode(map[string]any{"devices": devices, "missing": faults})
	}
	_, err := io.WriteString(out, text(devices, faults))
	return err
}

// text is the list for people. Names are the system's and the sound server's, so they are quoted: a terminal obeys some.
func text(devices []found, faults []missing) string {
	var b strings.Builder
	for _, kind := range []string{"camera", "microphone", "speaker", "screen", "monitor"} {
		title := kind + "s\n"
		for _, d := range devices {
			if d.Kind != kind {
				continue
			}
			mark := " "
			if d.Default {
				mark = "*"
			}
			fmt.Fprintf(&b, "%s%s %-40s %q\n", title, mark, printable(d.Use), d.Name)
			title = ""
		}
	}
	if len(devices) == 0 {
		b.WriteString("There is no device here. The kiosk runs without: -camera test -microphone test -speaker test.\n")
	} else {
		b.WriteString("* is the default. Try one: devices -level MICROPHONE, -tone SPEAKER, -picture CAMERA\n")
	}
	for _, f := range faults {
		fmt.Fprintf(&b, "%s: %s\n", f.Backend, f.Why)
	}
	return b.String()
}

// printable leaves out what a terminal would obey.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return '?'
		}
		return r
	}, s)
}

// native are the system's devices, in a program built with cgo.
func native(ctx context.Context) (all []found, err error) {
	infos, err := device.List(ctx)
	for _, i := range infos {
		f := found{Backend: "device", Kind: i.Kind.String(), ID: i.ID, Name: i.Name, Default: i.Default}
		if i.Kind != device.KindScreen {
			f.Use = "device:" + i.ID
		}
		all = append(all, f)
	}
	return all, err
}

// pulses are what PulseAudio or PipeWire has. Monitors hear what a speaker plays.
func pulses(ctx context.Context) (all []found, err error) {
	devices, err := pulse.List(ctx)
	for _, d := range devices {
		kind := map[pulse.Kind]string{pulse.Source: "microphone", pulse.Sink: "speaker", pulse.Monitor: "monitor"}[d.Kind]
		all = append(all, found{Backend: "pulse", Kind: kind, Use: "pulse:" + d.ID, ID: d.ID, Name: d.Name, Default: d.Default})
	}
	return all, err
}

// ffmpegs are the cameras that the program ffmpeg can open here. It cannot list them by itself on Linux; elsewhere it prints them
// for people only.
func ffmpegs(context.Context) (all []found, err error) {
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		return nil, errors.New("ffmpeg is not in PATH: install it to use cameras without cgo")
	}
	switch runtime.GOOS {
	case "linux":
	case "darwin":
		return nil, errors.New(`it lists cameras for people only: ffmpeg -f avfoundation -list_devices true -i ""`)
	case "windows":
		return nil, errors.New("it lists cameras for people only: ffmpeg -f dshow -list_devices true -i dummy")
	default:
		return nil, errors.New("how it names cameras on " + runtime.GOOS + " is not known here: ffmpeg -devices")
	}
	paths, err := filepath.Glob("/dev/video*")
	if err != nil {
		return nil, err
	}
	if all = cameras(paths, "/sys/class/video4linux"); len(all) == 0 {
		return nil, &media.DeviceError{Device: "camera", Fault: media.DeviceMissing, Advice: "there is no /dev/video* that takes pictures"}
	}
	return all, nil
}

// cameras are those of V4L2's devices, as sysfs describes them. A camera may have further nodes, for what it says of its pictures.
// media/ffmpeg takes /dev/video0 where none is named.
func cameras(paths []string, sysfs string) (all []found) {
	slices.Sort(paths)
	for _, path := range paths {
		of := func(attribute string) string {
			b, _ := os.ReadFile(filepath.Join(sysfs, filepath.Base(path), attribute))
			return strings.TrimSpace(string(b))
		}
		if index := of("index"); index != "" && index != "0" {
			continue
		}
		all = append(all, found{
			Backend: "ffmpeg", Kind: "camera", Use: "ffmpeg:camera:" + path, ID: path, Name: cmp.Or(of("name"), path), Default: path == "/dev/video0",
		})
	}
	return all
}
