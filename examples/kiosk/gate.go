package main

import (
	"sync/atomic"
	"time"
)

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
