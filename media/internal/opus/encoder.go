package opus

import (
	"errors"
	"fmt"
	"sync"
)

// An Encoder encodes one stream. Its methods may be called from any goroutine, one after the other; none allocates memory
// except for a dst that is too small.
type Encoder struct {
	mu  sync.Mutex
	b   encoder // nil once closed
	cfg Config
}

// An encoder is one of the ways to encode. Arguments were checked; n is in samples per channel. The packet is valid until the
// next call.
type encoder interface {
	encode(pcm []int16, n int) (packet []byte, err error)
	setBitrate(bps int) error
	setLoss(percent int) error
	close() error
}

// NewEncoder returns an encoder for speech. Without libopus (neither cgo nor a machine that the sandbox runs on) the error is
// ErrUnsupported. Without cgo, the first one of the process compiles the sandbox: see the package's cost.
func NewEncoder(cfg Config) (*Encoder, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	b, err := newEncoder(cfg)
	return wrapEncoder(b, cfg, err)
}

// wrapEncoder sets what may change later.
func wrapEncoder(b encoder, cfg Config, err error) (*Encoder, error) {
	if err != nil {
		return nil, err
	}
	e := &Encoder{b: b, cfg: cfg}
	if err := errors.Join(e.SetBitrate(cfg.Bitrate), e.SetLoss(cfg.Loss)); err != nil {
		_ = e.Close()
		return nil, err
	}
	return e, nil
}

// Encode appends one packet to dst: the samples of 10, 20, 40 or 60 ms, interleaved.
func (e *Encoder) Encode(dst []byte, pcm []int16) ([]byte, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.b == nil {
		return dst, ErrClosed
	}
	n := len(pcm) / e.cfg.Channels
	switch n * 1000 / e.cfg.Rate {
	case 10, 20, 40, 60:
	default:
		n = 0
	}
	if n == 0 || n*1000%e.cfg.Rate != 0 || n*e.cfg.Channels != len(pcm) {
		return dst, fmt.Errorf("opus: %d values are no packet: give 10, 20, 40 or 60 ms, %d values per 10 ms",
			len(pcm), e.cfg.Rate/100*e.cfg.Channels)
	}
	packet, err := e.b.encode(pcm, n)
	return append(dst, packet...), err
}

// SetBitrate changes the bitrate from the next packet on: 6000 to 510000 bits per second.
func (e *Encoder) SetBitrate(bps int) error {
	if err := checkBitrate(bps); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.b == nil {
		return ErrClosed
	}
	return e.b.setBitrate(bps)
}

// SetLoss says how many packets in a hundred are expected to be lost. Above 0, packets carry the frame before them once more,
// coarsely, within the same bitrate.
func (e *Encoder) SetLoss(percent int) error {
	if err := checkLoss(percent); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.b == nil {
		return ErrClosed
	}
	return e.b.setLoss(percent)
}

// Close frees what the encoder holds. It may be called again.
func (e *Encoder) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.b == nil {
		return nil
	}
	b := e.b
	e.b = nil
	return b.close()
}
