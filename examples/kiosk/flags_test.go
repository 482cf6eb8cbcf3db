package main

import (
	"math"
	"slices"
	"strings"
	"testing"
)

// All faults of the flags are told, and none is taken for something else.
func TestFlags(t *testing.T) {
	const relay = "-relay wss://relay.example/v1 "
	for _, c := range []struct{ args, want string }{
		{relay + "-ring alice,bob -ring carol", ""},
		{relay + "-size 1280x720 -fps 15 -video-codec h264 -camera device -sound-codec pcmu -talk ptt", ""},
		{relay + "-ring-for 90s", "-ring-for"},
		{relay + "-ring-for 0s", "-ring-for"},
		{relay + "-door-every -1s", "-door-every"},
		{relay + "-command-time 2m", "-command-time"},
		{relay + "-invite " + strings.Repeat("x", 65), "-invite"},
		{relay + "-bell-command beep", "-others bell"},
		{relay + "-bell-command beep -others bell", ""},
		{relay + "-size 640", "-size"},
		{relay + "-size 641x360", "-size"},
		{relay + "-size 640x360x2", "-size"},
		{relay + "-fps 0", "-fps"},
		{relay + "-video-codec av1", "-video-codec"},
		{relay + "-video-codec h264 -camera test", "-camera test is vp8"},
		{relay + "-sound-codec mp3", "-sound-codec"},
		{relay + "-http :8090", "-http-token"},
		{relay + "extra", "is no flag"},
		{relay + "-ring alice,,bob", "-h shows"},
		{relay + "-strategy all", "-h shows"},
		{relay + "-talk loudly", "-h shows"},
		{relay + "-others ignore", "-h shows"},
	} {
		_, err := parse(strings.Fields(c.args), t.Output())
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.args, err, c.want)
		}
	}
	_, err := parse(strings.Fields(relay+"-fps 0 -size 1x1 -ring-for 2m"), t.Output())
	if err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("want three faults: %v", err)
	}
}

// Push-to-talk: the microphone is silent until it is opened, the speaker while it is; the change does not click.
func TestGate(t *testing.T) {
	g := &gate{}
	full := slices.Repeat([]int16{1000}, 480)
	capture := func() []int16 { b := slices.Clone(full); g.Capture(b); return b }
	playback := func() []int16 { b := slices.Clone(full); g.Playback(b, 0); return b }
	silence := make([]int16, 480)
	if !slices.Equal(capture(), silence) || !slices.Equal(playback(), full) {
		t.Error("closed: it is heard, or nothing is played")
	}
	g.open.Store(true)
	up, down := capture(), playback()
	if !slices.Equal(capture(), full) || !slices.Equal(playback(), silence) {
		t.Error("open: it is not heard, or something is played")
	}
	for _, ramp := range [][]int16{up, down} {
		for i := 1; i < len(ramp); i++ {
			if math.Abs(float64(ramp[i])-float64(ramp[i-1])) > 4 {
				t.Fatalf("a click: %d, %d", ramp[i-1], ramp[i])
			}
		}
	}
	g.open.Store(false)
	capture()
	if !slices.Equal(capture(), silence) {
		t.Error("closed again: it is heard")
	}
}
