// Package synthetic makes media out of nothing, without cgo and without a file: a test picture and a tone.
//
// What to use first: [NewPattern] is a VP8 source that shows colour bars, a block that moves and a clock; [NewTone] is an
// Opus source of 440 Hz. Both are media.Source:
//
//	video, err := synthetic.NewPattern(synthetic.PatternOptions{Width: 640, Height: 360})
//	audio := synthetic.NewTone(synthetic.ToneOptions{})
//
// A Pattern encodes each picture when it is read, less than 1 ms of work for 640x360, and answers ForceKeyFrame. It has no
// rate control, so it is no media.RateSetter: the picture is simple, and takes some 300 kb/s at 30 frames a second. A Tone
// plays packets that were encoded beforehand, and needs no encoder.
//
// Goroutines: none is started here. Read belongs to one goroutine; Close and ForceKeyFrame may be called from any. Frames
// are paced by a timer against the time of the first Read, so they never drift, and in virtual time under testing/synctest too.
//
// Specifications: VP8, RFC 6386; Opus, RFC 6716.
package synthetic
