package pcm

import "time"

// A Processor works on sound both ways, in place: 480 samples at a time, which are 10 ms at 48 kHz of one channel. One
// goroutine calls Capture with what a [Microphone] hears, before it is encoded; another calls Playback with what a
// [Speaker] is about to play, and how long it takes until that is heard. Neither may block or keep the slice.
//
// The same Processor given to the Microphone and to the Speaker sees both sides of a room.
type Processor interface {
	Capture(samples []int16)
	Playback(samples []int16, delay time.Duration)
}
