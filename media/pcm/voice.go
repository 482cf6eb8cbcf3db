package pcm

import (
	"math"
	"time"
)

// A Voice says of a moment how loud it was and whether somebody spoke.
type Voice struct {
	Level    uint8     // RFC 6464: 0 is the loudest, 127 silence, in -dBov
	Speaking bool      // by a [Detector], hang-over included
	At       time.Time // when it was captured, or taken for playing; the zero time from a Detector, which knows no clock
}

// silent is the level of digital silence.
const silent = 127

// Level is how loud samples are by RFC 6464: their root mean square below the overload point, from 0 (a square wave of
// full scale; a sine of full scale has 3) to 127 (silence, or no samples at all), in -dBov.
func Level(samples []int16) uint8 {
	if len(samples) == 0 {
		return silent
	}
	var sum int64
	for _, s := range samples {
		sum += int64(s) * int64(s)
	}
	return levelOf(float64(sum) / float64(len(samples)))
}

// levelOf is the level of a mean square.
func levelOf(square float64) uint8 {
	if square <= 0 {
		return silent
	}
	below := -10 * math.Log10(square/(math.MaxInt16*math.MaxInt16))
	return uint8(math.Round(min(max(below, 0), silent)))
}
