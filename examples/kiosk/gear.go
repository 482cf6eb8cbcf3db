package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"maps"
	"os/exec"
	"slices"
	"sync"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/examples/internal/choice"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/device"
	"github.com/sotto-calls/sotto/media/ffmpeg"
	"github.com/sotto-calls/sotto/media/pcm"
	"github.com/sotto-calls/sotto/media/synthetic"
)

// A gear makes what calls send and play, of the devices that the flags name.
type gear struct {
	devices
	log *log.Logger

	mu     sync.Mutex
	losses map[string]uint64 // by flag
}

// newGear checks what can be checked without opening a device.
func newGear(d devices, l *log.Logger) (*gear, error) {
	g := &gear{devices: d, log: l, losses: map[string]uint64{"camera": 0, "microphone": 0, "speaker": 0}}
	var faults []error
	if d.camera.Backend == choice.FFmpeg {
		_, err := d.camera.Input()
		faults = append(faults, err)
	}
	m, err := g.microphoneOf(nil) // its encoder may not be there
	if m != nil {
		m.Close()
	}
	return g, errors.Join(append(faults, err, g.parts())...)
}

// parts says what the chosen backends need and this program or machine has not.
func (g *gear) parts() error {
	var faults []error
	uses := func(backend string) bool {
		return slices.ContainsFunc([]choice.Flag{g.camera, g.microphone, g.speaker}, func(f choice.Flag) bool { return f.Backend == backend })
	}
	if uses(choice.Native) {
		ctx, cancel := context.WithTimeout(context.Background(), takeHold)
		defer cancel()
		_, err := device.List(ctx)
		if fault, ok := errors.AsType[*media.DeviceError](err); ok && fault.Fault == media.DeviceNotBuilt {
			faults = append(faults, err)
		}
	}
	if uses(choice.FFmpeg) {
		if _, err := exec.LookPath("ffmpeg"); err != nil {
			faults = append(faults, fmt.Errorf("ffmpeg: is it installed? %w", err))
		}
	}
	return errors.Join(faults...)
}

// lost says how often devices went away or did not open.
func (g *gear) lost() map[string]uint64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return maps.Clone(g.losses)
}

func (g *gear) count(flag string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.losses[flag]++
}

// notify tells of a device that went away or is back.
func (g *gear) notify(flag string) func(media.DeviceEvent) {
	return func(e media.DeviceEvent) {
		if e.Up {
			g.log.Printf("-%s is back: %s", flag, e.Device)
			return
		}
		g.count(flag)
		g.log.Printf("-%s is away, and the call goes on without it: %v", flag, e.Err)
	}
}

// A callMedia is what one call sends and plays. Nothing is open while it rings.
type callMedia struct {
	call.Media
	gate *gate // nil: the microphone is open

	gear       *gear
	processors []pcm.Processor

	mu      sync.Mutex
	speaker *pcm.Speaker // nil: no sound has come yet
	ended   bool
}

// begin makes the media of one call. Devices that do not work are reported, and the call goes on without them.
func (g *gear) begin() *callMedia {
	m := &callMedia{gear: g}
	switch g.talk {
	case talkPush:
		m.gate = &gate{}
		m.processors = []pcm.Processor{m.gate}
	case talkHalf:
		m.processors = []pcm.Processor{pcm.HalfDuplex(pcm.HalfDuplexConfig{})}
	case talkDuck:
		m.processors = []pcm.Processor{pcm.Ducking(pcm.DuckingConfig{})}
	}
	m.Media = call.Media{Receive: m.receive, Refuse: media.Kinds{Video: true, Audio: g.speaker.Backend == choice.None}}
	if s := g.cameraSource(); s != nil {
		m.Send = append(m.Send, s)
	}
	microphone, err := g.microphoneOf(m.processors)
	if err != nil {
		g.log.Printf("-microphone: %v", err)
	}
	if microphone != nil {
		m.Send = append(m.Send, microphone)
	}
	return m
}

// push opens the microphone, or closes it.
func (m *callMedia) push(on bool) {
	if m.gate != nil {
		m.gate.open.Store(on)
	}
}

// receive plays sound. Pictures are not shown here: the call refuses them.
func (m *callMedia) receive(t media.TrackInfo) media.Sink {
	if t.Kind != media.Audio {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ended {
		return nil
	}
	if m.speaker == nil {
		s, err := pcm.NewSpeaker(pcm.SpeakerConfig{Open: m.gear.openSpeaker(), Processors: m.processors, Notify: m.gear.notify("speaker")})
		if err != nil {
			m.gear.log.Printf("-speaker: %v", err)
			return nil
		}
		m.speaker = s
	}
	sink, err := m.speaker.Sink(t)
	if err != nil {
		m.gear.log.Printf("-speaker: %v", err)
		return nil
	}
	return sink
}

// end lets the speaker go, once the call is over. The call itself closes what it sends.
func (m *callMedia) end() {
	m.mu.Lock()
	s := m.speaker
	m.speaker, m.ended = nil, true
	m.mu.Unlock()
	if s != nil {
		s.Close()
	}
}

// cameraSource is the picture that a call sends; nil: none.
func (g *gear) cameraSource() media.Source {
	var open func(context.Context) (media.Source, error)
	codec := videoCodecs[g.video]
	switch g.camera.Backend {
	case choice.None:
		return nil
	case choice.Test:
		open = func(context.Context) (media.Source, error) {
			return synthetic.NewPattern(synthetic.PatternOptions{Width: g.width, Height: g.height, FPS: g.fps})
		}
	case choice.FFmpeg:
		open = func(ctx context.Context) (media.Source, error) { return g.openFFmpeg(ctx, codec) }
	case choice.Native:
		if codec == "" {
			codec = media.H264
		}
		open = func(context.Context) (media.Source, error) {
			return device.OpenCamera(device.VideoConfig{Device: g.camera.Name, Width: g.width, Height: g.height, FrameRate: g.fps,
				Codec: codec, Notify: g.notify("camera")})
		}
	}
	if codec == "" {
		codec = media.VP8
	}
	track := media.TrackInfo{Kind: media.Video, Codec: codec, ClockRate: 90000, Width: g.width, Height: g.height, Label: "camera"}
	return newSteady(track, open, func(err error) {
		g.count("camera")
		g.log.Printf("-camera does not work, and is tried again: %v", err)
	})
}

// openFFmpeg opens the picture of an input.
func (g *gear) openFFmpeg(ctx context.Context, codec media.Codec) (media.Source, error) {
	in, err := g.camera.Input()
	if err != nil {
		return nil, err
	}
	const keys = 2 * time.Second // between key frames: ffmpeg makes none when asked
	s, err := ffmpeg.Open(ctx, in, ffmpeg.Config{NoAudio: true, Codec: codec, Width: g.width, Height: g.height, FrameRate: g.fps,
		KeyInterval: keys, Loop: g.camera.Loops(), Notify: g.notify("camera")})
	if err != nil {
		return nil, err
	}
	if s.Video() == nil {
		s.Close()
		return nil, fmt.Errorf("%v has no picture", g.camera.Device)
	}
	return streamVideo{s.Video(), s}, nil
}

// A streamVideo closes the stream with its picture.
type streamVideo struct {
	media.Source
	stream *ffmpeg.Stream
}

// Close ends ffmpeg.
func (v streamVideo) Close() error { return v.stream.Close() }

// SetMuted lets the device go, or takes it up again.
func (v streamVideo) SetMuted(muted bool) {
	if m, ok := v.Source.(media.Muter); ok {
		m.SetMuted(muted)
	}
}
