package main

import (
	"errors"
	"flag"
	"fmt"

	"github.com/sotto-calls/sotto/examples/internal/choice"
	"github.com/sotto-calls/sotto/media"
)

// A talkMode says what is done against hearing oneself.
type talkMode uint8

const (
	talkOpen talkMode = iota + 1 // nothing: there is an echo canceller, or a headset
	talkPush                     // the microphone is closed until somebody pushes to talk
	talkHalf                     // the microphone is closed while the other side speaks
	talkDuck                     // the speaker is quieter while somebody speaks here
)

var talkModes = map[string]talkMode{"open": talkOpen, "ptt": talkPush, "half": talkHalf, "duck": talkDuck}

func (m *talkMode) String() string {
	for name, mode := range talkModes {
		if mode == *m {
			return name
		}
	}
	return ""
}

// Set reads a flag.
func (m *talkMode) Set(text string) error {
	mode, ok := talkModes[text]
	if !ok {
		return errors.New("want open, ptt, half or duck")
	}
	*m = mode
	return nil
}

// A devices is what a call sends and plays, as flags.
type devices struct {
	camera, microphone, speaker choice.Flag
	talk                        talkMode
	video, sound                string // codecs; "": as the device does it best
	size                        string
	width, height, fps          int
}

func (d *devices) register(f *flag.FlagSet) {
	d.camera = choice.Flag{Device: choice.Device{Backend: choice.None}, Backends: choice.Cameras}
	d.microphone = choice.Flag{Device: choice.Device{Backend: choice.None}, Backends: choice.Sounds}
	d.speaker = choice.Flag{Device: choice.Device{Backend: choice.None}, Backends: choice.Sounds}
	d.talk = talkHalf
	f.Var(&d.camera, "camera", "`camera`: ffmpeg:camera:/dev/video0, ffmpeg:rtsp://…, ffmpeg:FORMAT:URL, device[:NAME], test or none")
	f.Var(&d.microphone, "microphone", "`microphone`: pulse[:NAME], device[:NAME], ffmpeg:FORMAT:URL, test (a tone) or none")
	f.Var(&d.speaker, "speaker", "`speaker`: pulse[:NAME], device[:NAME], ffmpeg:FORMAT:URL, test (says how loud it is) or none")
	f.Var(&d.talk, "talk", "`how` to talk: open, ptt (talk on and off), half (duplex), duck (the speaker)")
	f.StringVar(&d.video, "video-codec", "", "vp8 or h264 (default: h264 of device:, vp8 of the others)")
	f.StringVar(&d.sound, "sound-codec", "opus", "opus, pcmu or pcma; 32-bit machines cannot encode opus without cgo")
	f.StringVar(&d.size, "size", "640x360", "`size` of the camera's picture")
	f.IntVar(&d.fps, "fps", 30, "pictures a second, at most")
}

// check joins all faults.
func (d *devices) check() error {
	var faults []error
	if n, err := fmt.Sscanf(d.size, "%dx%d", &d.width, &d.height); n != 2 || err != nil || fmt.Sprintf("%dx%d", d.width, d.height) != d.size ||
		d.width < 64 || d.height < 64 || d.width > 4096 || d.height > 4096 || d.width%2+d.height%2 > 0 {
		faults = append(faults, fmt.Errorf("-size %q: want such as 640x360, even, 64 to 4096", d.size))
	}
	if d.fps < 1 || d.fps > 60 {
		faults = append(faults, fmt.Errorf("-fps %d: want 1 to 60", d.fps))
	}
	if _, ok := videoCodecs[d.video]; !ok {
		faults = append(faults, fmt.Errorf("-video-codec %q: want vp8 or h264", d.video))
	}
	if d.camera.Backend == choice.Test && d.video == "h264" {
		faults = append(faults, errors.New("-camera test is vp8"))
	}
	if _, ok := soundCodecs[d.sound]; !ok {
		faults = append(faults, fmt.Errorf("-sound-codec %q: want opus, pcmu or pcma", d.sound))
	}
	return errors.Join(faults...)
}

var (
	videoCodecs = map[string]media.Codec{"": "", "vp8": media.VP8, "h264": media.H264}
	soundCodecs = map[string]media.Codec{"opus": media.Opus, "pcmu": media.PCMU, "pcma": media.PCMA}
)
