package pcm

import (
	"sync/atomic"
	"time"
)

// HalfDuplexConfig tunes [HalfDuplex]. The zero value suits a speaker and a microphone in one box.
type HalfDuplexConfig struct {
	// Threshold is how loud the far end must be to close the microphone, in -dBov: what is fainter makes no echo worth
	// the trouble. 0: 50.
	Threshold uint8
	// Hang is how long the microphone stays closed after the last of the far end was heard, in which the room's echo dies
	// away; the 200 ms of the [Detector] come before it. 0: 250 ms.
	Hang time.Duration
}

const (
	closeMove = rate / 200 // samples in which the microphone closes: 5 ms
	openMove  = rate / 50  // and opens: 20 ms
)

// HalfDuplex returns a Processor that closes the microphone while the far end speaks, as an intercom does: no echo can
// come back, and nobody can interrupt. Give the same one to the Microphone and to the Speaker. It goes by speech, not by
// noise, so that a noisy far end does not keep the near one silent.
func HalfDuplex(cfg HalfDuplexConfig) Processor {
	if cfg.Threshold == 0 {
		cfg.Threshold = 50
	}
	if cfg.Hang == 0 {
		cfg.Hang = 250 * time.Millisecond
	}
	return &halfDuplex{cfg: cfg, base: time.Now(), far: NewDetector(mono), near: fader{gain: 1}}
}

type halfDuplex struct {
	cfg  HalfDuplexConfig
	base time.Time
	till atomic.Int64 // after base: until then the far end is heard in the room
	far  *Detector    // Playback's
	near fader        // Capture's
}

func (h *halfDuplex) Playback(samples []int16, delay time.Duration) {
	if v := h.far.Process(samples); v.Speaking && v.Level <= h.cfg.Threshold {
		h.till.Store(int64(time.Since(h.base) + delay + h.cfg.Hang))
	}
}

func (h *halfDuplex) Capture(samples []int16) {
	if int64(time.Since(h.base)) < h.till.Load() {
		h.near.apply(samples, 0, closeMove)
	} else {
		h.near.apply(samples, 1, openMove)
	}
}
