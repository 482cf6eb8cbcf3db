//go:build cgo

package device

import (
	"context"
	"time"

	"github.com/sotto-calls/sotto/media/pcm"
)

// speakerWait is how much sound waits to be taken by the device; who writes more waits.
const speakerWait = 40 * time.Millisecond

// A speaker is a pcm.Output.
type speaker struct{ *soundDevice }

func openSpeaker(ctx context.Context, system *soundChoice, device string) (pcm.Output, error) {
	d, err := openSound(ctx, system, KindSpeaker, device, soundFormat.Samples(speakerWait))
	if err != nil {
		return nil, err
	}
	return speaker{d}, nil
}

func (speaker) Format() pcm.Format { return soundFormat }

func (s speaker) Write(ctx context.Context, samples []int16) error { return s.ring.write(ctx, samples) }

// Delay is what waits here, the period that the device is given ahead, and one that it plays.
func (s speaker) Delay() time.Duration {
	waiting, _ := s.ring.state()
	return soundFormat.Duration(waiting) + 2*playPeriod
}

func (s speaker) Close() error {
	s.close()
	return nil
}
