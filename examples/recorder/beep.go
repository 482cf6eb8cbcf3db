package main

import (
	"math"
	"time"

	"github.com/sotto-calls/sotto/media/pcm"
)

const (
	beepTone  = 1400 // Hz: the tone by which telephones have long said that a call is recorded
	beepFor   = 200 * time.Millisecond
	beepEvery = 15 * time.Second
)

// voice is the shape of the recorder's own sound.
var voice = pcm.Format{Rate: 48000, Channels: 1}

// beep is the tone, softly begun and ended.
func beep() []int16 {
	samples := make([]int16, voice.Samples(beepFor))
	ramp := float64(voice.Samples(10 * time.Millisecond))
	for i := range samples {
		loud := min(1, float64(i)/ramp, float64(len(samples)-1-i)/ramp)
		samples[i] = int16(6000 * loud * math.Sin(2*math.Pi*beepTone*float64(i)/float64(voice.Rate)))
	}
	return samples
}
