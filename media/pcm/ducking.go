package pcm

import (
	"math"
	"sync/atomic"
	"time"
)

// DuckingConfig tunes [Ducking]. The zero value suits a speaker and a microphone in one box.
type DuckingConfig struct {
	// Threshold is how loud the near end must speak to be heard over the speaker, in -dBov. 0: 45.
	Threshold uint8
	// Reduction is by how many dB the speaker gets quieter. 0: 20.
	Reduction float64
	// Hang is how long it stays so after the near end fell silent; the 200 ms of the [Detector] come before it. 0: 400 ms.
	Hang time.Duration
	// Echo is by how many dB less the speaker comes back into the microphone than it was played with. What the microphone
	// hears is taken for its echo unless it is louder than that. 0: 12.
	Echo float64
}

const (
	duckMove  = rate / 20     // samples from loud to silent: 50 ms
	raiseMove = 3 * rate / 10 // and back: 300 ms
	farFade   = 1             // dB a block that the memory of the far end's level loses
)

// Ducking returns a Processor that makes the speaker quieter while the near end speaks, so that both can be heard and less
// echo comes back. Give the same one to the Microphone and to the Speaker.
func Ducking(cfg DuckingConfig) Processor {
	if cfg.Threshold == 0 {
		cfg.Threshold = 45
	}
	if cfg.Reduction == 0 {
		cfg.Reduction = 20
	}
	if cfg.Hang == 0 {
		cfg.Hang = 400 * time.Millisecond
	}
	if cfg.Echo == 0 {
		cfg.Echo = 12
	}
	d := &ducking{cfg: cfg, base: time.Now(), near: NewDetector(mono), far: fader{gain: 1}}
	d.low = float32(math.Pow(10, -cfg.Reduction/20))
	d.played.Store(silent)
	return d
}

type ducking struct {
	cfg    DuckingConfig
	low    float32
	base   time.Time
	till   atomic.Int64 // after base: until then the near end speaks
	played atomic.Int32 // -dBov: how loud the far end was a moment ago, as it was played
	near   *Detector    // Capture's
	far    fader        // Playback's
}

func (d *ducking) Capture(samples []int16) {
	v := d.near.Process(samples)
	echo := float64(d.played.Load()) + d.cfg.Echo
	if v.Speaking && v.Level <= d.cfg.Threshold && float64(v.Level) < echo {
		d.till.Store(int64(time.Since(d.base) + d.cfg.Hang))
	}
}

func (d *ducking) Playback(samples []int16, _ time.Duration) {
	if int64(time.Since(d.base)) < d.till.Load() {
		d.far.apply(samples, d.low, duckMove)
	} else {
		d.far.apply(samples, 1, raiseMove)
	}
	level := int32(Level(samples))
	d.played.Store(min(level, d.played.Load()+farFade, silent))
}
