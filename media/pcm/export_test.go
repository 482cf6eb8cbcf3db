package pcm

import "github.com/sotto-calls/sotto/media"

// NewEncoding is the encoder below a Microphone and a Writer, without their clocks.
func NewEncoding(codec media.Codec, f Format) (func([]int16) error, error) {
	track, err := outgoingTrack(codec, f, "")
	if err != nil {
		return nil, err
	}
	o, err := newOutgoing(track, f, 0)
	return func(samples []int16) error {
		_, err := o.encode(samples)
		return err
	}, err
}
