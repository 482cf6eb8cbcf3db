// Package clip is a short clip for the examples: eight seconds of VP8 video, 640x360 at 30 frames a second, and of Opus
// audio, mono at 32 kb/s in packets of 20 ms. Both are equally long, so that they can be played in a loop together.
//
// README.md says how it was made. It is 356 kB, embedded in programs that import this package.
package clip

import (
	"bytes"
	_ "embed"
)

var (
	//go:embed clip.ivf
	video []byte
	//go:embed clip.ogg
	audio []byte
)

// What the clip holds.
const (
	VideoFrames  = 240
	AudioPackets = 400
)

// Video returns a reader of the IVF file. Each call returns a new one; it can seek.
func Video() *bytes.Reader { return bytes.NewReader(video) }

// Audio returns a reader of the Ogg file. Each call returns a new one; it can seek.
func Audio() *bytes.Reader { return bytes.NewReader(audio) }
