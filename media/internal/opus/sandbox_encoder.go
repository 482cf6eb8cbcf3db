//go:build (amd64 || arm64) && (linux || darwin || windows || freebsd)

package opus

import "github.com/tetratelabs/wazero/api"

// sandboxComplexity is how hard the encoder tries in the sandbox, where code without this machine's own instructions takes
// twice to thrice as long. See doc.go for what each costs.
const sandboxComplexity = 5

type sandboxEncoder struct {
	*instance
	run, bitrate, loss api.Function
}

func newSandboxEncoder(c Config) (encoder, error) {
	i, err := newInstance()
	if err != nil {
		return nil, err
	}
	code, err := i.call(i.m.ExportedFunction("encoder_init"), c.Rate, c.Channels, sandboxComplexity, flag(c.VBR), flag(c.DTX))
	if err = fault("a new encoder", code, err); err != nil {
		_ = i.close()
		return nil, err
	}
	return &sandboxEncoder{
		instance: i,
		run:      i.m.ExportedFunction("encode"),
		bitrate:  i.m.ExportedFunction("encoder_bitrate"),
		loss:     i.m.ExportedFunction("encoder_loss"),
	}, nil
}

func (e *sandboxEncoder) encode(pcm []int16, n int) ([]byte, error) {
	e.put(pcm)
	size, err := e.call(e.run, n, maxEncoded)
	if err := fault("encoding", size, err); err != nil {
		return nil, err
	}
	return e.packet[:size], nil
}

func (e *sandboxEncoder) setBitrate(bps int) error {
	code, err := e.call(e.bitrate, bps)
	return fault("the bitrate", code, err)
}

func (e *sandboxEncoder) setLoss(percent int) error {
	code, err := e.call(e.loss, percent)
	return fault("the loss", code, err)
}
