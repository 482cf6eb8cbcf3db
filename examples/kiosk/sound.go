package main

import (
	"context"
	"io/fs"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/device"
	"github.com/sotto-calls/sotto/media/ffmpeg"
	"github.com/sotto-calls/sotto/media/pcm"
	"github.com/sotto-calls/sotto/media/pulse"
)

// microphoneOf is the sound that a call sends; nil: none.
func (g *gear) microphoneOf(processors []pcm.Processor) (media.Source, error) {
	var open func(context.Context) (pcm.Input, error)
	switch g.microphone.backend {
	case "none":
		return nil, nil
	case "test":
		open = func(context.Context) (pcm.Input, error) { return newTestTone(), nil }
	case "pulse":
		open = pulse.Microphone(g.microphone.name)
	case "device":
		open = device.Microphone(g.microphone.name)
	case "ffmpeg":
		in, err := ffmpegInput(g.microphone.name)
		if err != nil {
			return nil, err
		}
		open = ffmpeg.Microphone(in)
	}
	m, err := pcm.NewMicrophone(pcm.MicrophoneConfig{Open: open, Codec: soundCodecs[g.sound], Processors: processors,
		Notify: g.notify("microphone")})
	if err != nil {
		return nil, err
	}
	return m, nil
}

// openSpeaker opens what the flag names. It is not called for none.
func (g *gear) openSpeaker() func(context.Context) (pcm.Output, error) {
	switch g.speaker.backend {
	case "pulse":
		return pulse.Speaker(g.speaker.name)
	case "device":
		return device.Speaker(g.speaker.name)
	case "ffmpeg":
		format, url, _ := strings.Cut(g.speaker.name, ":")
		return ffmpeg.Speaker(format, url, nil)
	}
	return func(context.Context) (pcm.Output, error) {
		return &testSpeaker{clock: newClock(), heard: func(level uint8) { g.log.Printf("-speaker test: sound of -%d dBov", level) }}, nil
	}
}

// ffmpegInput is what ffmpeg:… names: camera:DEVICE, screen:DISPLAY, file:PATH, rtsp://…, or FORMAT:URL.
func ffmpegInput(name string) (ffmpeg.Input, error) {
	if strings.HasPrefix(name, "rtsp://") || strings.HasPrefix(name, "rtsps://") {
		return ffmpeg.RTSP(name, ffmpeg.RTSPOptions{}), nil
	}
	what, which, ok := strings.Cut(name, ":")
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

// A gate is push-to-talk: the microphone is silent until it is opened, and the speaker while it is. It fades within 10 ms, so
// that nothing clicks.
type gate struct {
	open              atomic.Bool
	capture, playback bool // what was heard, or played, was let through last; each of its own goroutine
}

// Capture lets through what is heard while the gate is open.
func (g *gate) Capture(samples []int16) { g.capture = fade(samples, g.capture, g.open.Load()) }

// Playback lets through what is played while it is not.
func (g *gate) Playback(samples []int16, _ time.Duration) {
	closed := g.open.Load()
	g.playback = !fade(samples, !g.playback, !closed)
}

// fade lets samples through, or not, and changes over within them.
func fade(samples []int16, was, is bool) bool {
	switch {
	case !was && !is:
		clear(samples)
	case was != is:
		n := len(samples)
		for i := range samples {
			gain := i
			if was {
				gain = n - 1 - i
			}
			samples[i] = int16(int(samples[i]) * gain / n)
		}
	}
	return is
}

// A clock paces what has no device's clock.
type clock struct {
	quit chan struct{}
	once *sync.Once
	next time.Time // Of whoever is paced.
}

const step = 10 * time.Millisecond

func newClock() clock { return clock{quit: make(chan struct{}), once: new(sync.Once)} }

// wait returns when the next step is due. Who comes late by more than a second has lost what was between.
func (c *clock) wait(ctx context.Context) error {
	now := time.Now()
	if c.next.IsZero() || now.Sub(c.next) > time.Second {
		c.next = now
	}
	timer := time.NewTimer(c.next.Sub(now))
	defer timer.Stop()
	c.next = c.next.Add(step)
	select {
	case <-timer.C:
		select {
		case <-c.quit: // both may be
			return fs.ErrClosed
		default:
			return ctx.Err()
		}
	case <-ctx.Done():
		return ctx.Err()
	case <-c.quit:
		return fs.ErrClosed
	}
}

// Close ends who waits.
func (c *clock) Close() error {
	c.once.Do(func() { close(c.quit) })
	return nil
}

var mono = pcm.Format{Rate: 48000, Channels: 1}

// A testTone is a microphone that hears 440 Hz.
type testTone struct {
	clock
	n int // samples so far
}

func newTestTone() *testTone { return &testTone{clock: newClock()} }

// Format is 48 kHz mono.
func (t *testTone) Format() pcm.Format { return mono }

// Delay is none.
func (t *testTone) Delay() time.Duration { return 0 }

// Read yields 10 ms, when they are due.
func (t *testTone) Read(ctx context.Context, buf []int16) (int, error) {
	if err := t.wait(ctx); err != nil {
		return 0, err
	}
	const pitch, loud = 440, 0.1 // -20 dB
	buf = buf[:min(len(buf), mono.Samples(step))]
	for i := range buf {
		buf[i] = int16(loud * math.MaxInt16 * math.Sin(2*math.Pi*pitch*float64(t.n)/float64(mono.Rate)))
		t.n = (t.n + 1) % mono.Rate
	}
	return len(buf), nil
}

// A testSpeaker plays nothing and says how loud it would be: at the first sound, and then every 10 s.
type testSpeaker struct {
	clock
	heard func(level uint8)
	said  time.Time
}

const (
	audible = 60 // -dBov
	sayEach = 10 * time.Second
)

// Format is 48 kHz mono.
func (s *testSpeaker) Format() pcm.Format { return mono }

// Delay is none.
func (s *testSpeaker) Delay() time.Duration { return 0 }

// Write takes samples at the speed at which they would be played.
func (s *testSpeaker) Write(ctx context.Context, samples []int16) error {
	if level, now := pcm.Level(samples), time.Now(); level <= audible && now.Sub(s.said) >= sayEach {
		s.said = now
		s.heard(level)
	}
	for played := 0; played < len(samples); played += mono.Samples(step) {
		if err := s.wait(ctx); err != nil {
			return err
		}
	}
	return nil
}
