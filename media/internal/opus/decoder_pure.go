package opus

import (
	"fmt"

	"github.com/pion/opus"
)

// pureDecoder decodes in Go alone, where the sandbox cannot be had. It neither conceals nor recovers.
type pureDecoder struct {
	d              opus.Decoder
	rate, channels int
}

func newPureDecoder(rate, channels int) (decoder, error) {
	d, err := opus.NewDecoderWithOutput(rate, channels)
	if err != nil {
		return nil, fmt.Errorf("opus: %w", err)
	}
	return &pureDecoder{d: d, rate: rate, channels: channels}, nil
}

// decode takes a panic for a packet that is not valid: what it is given comes from a peer. The decoder then starts anew, since
// nothing is known of its state.
func (p *pureDecoder) decode(dst []int16, packet []byte, n int) (got int, err error) {
	defer func() {
		if r := recover(); r != nil {
			got, err = 0, fmt.Errorf("opus: %w: %v", ErrPacket, r)
			_ = p.d.Init(p.rate, p.channels) // took the same before
		}
	}()
	got, err = p.d.DecodeToInt16(packet, dst[:n*p.channels])
	if err != nil {
		return 0, fmt.Errorf("opus: %w: %w", ErrPacket, err)
	}
	return got, nil
}

func (p *pureDecoder) conceal([]int16, int) (int, error) {
	return 0, fmt.Errorf("opus: concealment without libopus: %w", ErrUnsupported)
}

func (p *pureDecoder) recover([]int16, []byte, int) (int, error) {
	return 0, fmt.Errorf("opus: recovery without libopus: %w", ErrUnsupported)
}

func (p *pureDecoder) close() error { return nil }
