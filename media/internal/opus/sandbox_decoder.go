//go:build (amd64 || arm64) && (linux || darwin || windows || freebsd)

package opus

import (
	"fmt"

	"github.com/tetratelabs/wazero/api"
)

type sandboxDecoder struct {
	*instance      // nil after it failed and could not be replaced
	run            api.Function
	rate, channels int
}

func newSandboxDecoder(rate, channels int) (decoder, error) {
	d := &sandboxDecoder{rate: rate, channels: channels}
	if err := d.open(); err != nil {
		return nil, err
	}
	return d, nil
}

func (d *sandboxDecoder) open() error {
	i, err := newInstance()
	if err != nil {
		return err
	}
	code, err := i.call(i.m.ExportedFunction("decoder_init"), d.rate, d.channels)
	if err = fault("a new decoder", code, err); err != nil {
		_ = i.close()
		return err
	}
	d.instance, d.run = i, i.m.ExportedFunction("decode")
	return nil
}

func (d *sandboxDecoder) decode(dst []int16, packet []byte, n int) (int, error) {
	return d.into(dst, packet, n, 0)
}

func (d *sandboxDecoder) conceal(dst []int16, n int) (int, error) { return d.into(dst, nil, n, 0) }

func (d *sandboxDecoder) recover(dst []int16, next []byte, n int) (int, error) {
	return d.into(dst, next, n, 1)
}

// into decodes n samples per channel into dst. What traps in the sandbox, which no packet should bring about, costs the stream
// its history: an instance that stopped half-way is replaced.
func (d *sandboxDecoder) into(dst []int16, packet []byte, n, fec int) (int, error) {
	if d.instance == nil {
		if err := d.open(); err != nil {
			return 0, err
		}
	}
	copy(d.packet, packet)
	got, err := d.call(d.run, len(packet), n, fec)
	if err != nil {
		_ = d.instance.close()
		d.instance = nil
		return 0, fmt.Errorf("%w: %w", err, ErrPacket)
	}
	if got < 0 || got > n {
		return 0, fmt.Errorf("opus: %w: libopus says %d", ErrPacket, got)
	}
	d.get(dst[:got*d.channels])
	return got, nil
}

func (d *sandboxDecoder) close() error {
	if d.instance == nil {
		return nil
	}
	return d.instance.close()
}
