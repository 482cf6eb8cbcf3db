package pcm

import "time"

// A Voice says of a moment how loud it was and whether somebody spoke.
type Voice struct {
	Level    uint8     // RFC 6464: 0 is the loudest, 127 digital silence, in -dBov
	Speaking bool      // by a [Detector], hang-over included
	At       time.Time // when it was heard or played; the zero time from a Detector, which knows no clock
}
