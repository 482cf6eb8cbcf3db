//go:build cgo

package device

import (
	"context"
	"time"

	"github.com/sotto-calls/sotto/media/pcm"
)

// microphoneWait is how much sound waits for who reads late; then the oldest goes.
const microphoneWait = 200 * time.Millisecond

// A microphone is a pcm.Input.
type microphone struct{ *soundDevice }

func openMicrophone(ctx context.Context, system *soundChoice, device string) (pcm.Input, error) {
	d, err := openSound(ctx, system, KindMicrophone, device, soundFormat.Samples(microphoneWait))
	if err != nil {
		return nil, err
	}
	return microphone{d}, nil
}

func (microphone) Format() pcm.Format { return soundFormat }

func (m microphone) Read(ctx context.Context, buf []int16) (int, error) { return m.ring.read(ctx, buf) }

// Delay is what waits here and one period in the device; the sound system's own share is not known.
func (m microphone) Delay() time.Duration {
	waiting, _ := m.ring.state()
	return soundFormat.Duration(waiting) + recordPeriod
}

func (m microphone) Close() error {
	m.close()
	return nil
}
