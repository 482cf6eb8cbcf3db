package pcm

import "math"

// How a Detector decides. Its frames have 10 ms.
const (
	detectRate  = 8000 // about: what comes in is averaged down to at least this rate
	detectFrame = detectRate / 100
	pitchShort  = detectRate / 400 // lags between which a voice repeats itself: 70 to 400 Hz
	pitchLong   = detectRate / 70
	pitchWindow = 2 * detectFrame // samples compared at each lag

	speechFloor   = -60.0 // dBov: what is fainter is nobody speaking
	speechOnset   = 9.0   // dB over the noise floor to begin
	speechHold    = 6.0   // dB over the noise floor to go on
	voicedEnough  = 0.55  // normalised autocorrelation of a voiced frame
	voicedOnset   = 3     // voiced frames in a row to begin
	voicedRefresh = 35    // frames without a voiced one after which sound alone is no speech
	speechHang    = 20    // frames after the last active one

	floorSpan     = 32 // frames of one minimum, and
	floorMinimums = 8  // how many of them make the floor: 2.5 s together
)

// A Detector tells speech from silence and from steady noise: by its energy over a noise floor that is the minimum of the
// last two and a half seconds, and by whether it repeats itself at the pitch of a voice, which hiss, wind and hum that goes
// on do not. Speech that began is held for 200 ms over its pauses. It decides by the samples alone, in frames of 10 ms, and
// allocates nothing. It is for one goroutine.
//
// Level is of the samples given to Process; Speaking takes 30 ms of voice to begin. Music counts as speech.
type Detector struct {
	channels int
	decimate int // input samples, of all channels, in one of ours

	sum   int64 // of the one being made
	count int
	last  float32
	ours  [pitchLong + pitchWindow]float32 // whitened, the newest last
	fresh int                              // of them are not judged yet
	power float64                          // sum of squares of the frame being made

	minimums [floorMinimums]float64 // dBov
	slot     int
	filled   int // frames in minimums[slot]

	voiced   int // voiced frames in a row
	unvoiced int // frames since the last voiced one
	hang     int // frames left to say Speaking
}

// NewDetector listens to samples of f. A rate or channels that make no sense are taken as 48 kHz mono.
func NewDetector(f Format) *Detector {
	if f.valid() != nil {
		f = Format{Rate: rate, Channels: 1}
	}
	d := &Detector{channels: f.Channels, decimate: f.Rate / detectRate * f.Channels}
	for i := range d.minimums {
		d.minimums[i] = speechFloor
	}
	return d
}

// Process takes samples, any number of them, and says what is known after them.
func (d *Detector) Process(samples []int16) Voice {
	for _, s := range samples {
		d.sum += int64(s)
		if d.count++; d.count < d.decimate {
			continue
		}
		d.add(float32(d.sum) / float32(d.decimate))
		d.sum, d.count = 0, 0
	}
	return Voice{Level: Level(samples), Speaking: d.hang > 0}
}

// add takes one sample of the lower rate. The whitening keeps what is merely dark, as rumble and wind are, from looking
// periodic.
func (d *Detector) add(s float32) {
	const keep = len(d.ours) - detectFrame
	if d.fresh == 0 {
		copy(d.ours[:keep], d.ours[detectFrame:])
	}
	d.ours[keep+d.fresh] = s - 0.9*d.last
	d.last = s
	d.power += float64(s) * float64(s)
	if d.fresh++; d.fresh == detectFrame {
		d.judge(d.power / detectFrame)
		d.fresh, d.power = 0, 0
	}
}

// judge decides over one frame.
func (d *Detector) judge(square float64) {
	level := -float64(silent)
	if square > 0 {
		level = 10 * math.Log10(square/(math.MaxInt16*math.MaxInt16))
	}
	over := level - d.floor(level)
	d.unvoiced++
	if level > speechFloor && over > speechHold && d.repeats() {
		d.voiced++
		d.unvoiced = 0
	} else {
		d.voiced = 0
	}
	begun := d.hang > 0
	switch {
	case d.voiced >= voicedOnset && over > speechOnset,
		begun && level > speechFloor && over > speechHold && d.unvoiced < voicedRefresh:
		d.hang = speechHang
	case begun:
		d.hang--
	}
}

// floor takes the level of one frame, in dBov, and returns the noise floor.
func (d *Detector) floor(level float64) float64 {
	if d.filled == floorSpan {
		d.slot, d.filled = (d.slot+1)%floorMinimums, 0
	}
	if d.filled == 0 || level < d.minimums[d.slot] {
		d.minimums[d.slot] = level
	}
	d.filled++
	low := d.minimums[0]
	for _, m := range d.minimums[1:] {
		low = min(low, m)
	}
	return max(low, speechFloor-speechOnset)
}

// repeats reports whether the newest samples repeat those some pitch period before them.
func (d *Detector) repeats() bool {
	now := d.ours[pitchLong:]
	var energy float32
	for _, s := range now {
		energy += s * s
	}
	if energy == 0 {
		return false
	}
	for lag := pitchShort; lag <= pitchLong; lag++ {
		before := d.ours[pitchLong-lag:][:pitchWindow]
		var cross, other float32
		for i, s := range now {
			cross += s * before[i]
			other += before[i] * before[i]
		}
		if cross > 0 && cross*cross > voicedEnough*voicedEnough*energy*other {
			return true
		}
	}
	return false
}
