package opus

import (
	"fmt"
	"sync"
)

// A Decoder decodes one stream. Its methods may be called from any goroutine, one after the other; none allocates memory.
type Decoder struct {
	mu       sync.Mutex
	b        decoder // nil once closed
	rate     int
	channels int
}

// A decoder is one of the ways to decode. Arguments were checked: n is in samples per channel, and dst holds n of every channel.
type decoder interface {
	decode(dst []int16, packet []byte, n int) (int, error)
	conceal(dst []int16, n int) (int, error)
	recover(dst []int16, next []byte, n int) (int, error)
	close() error
}

// NewDecoder returns a decoder to int16 samples of a rate (8000, 12000, 16000, 24000 or 48000 Hz) and 1 or 2 channels,
// whatever the stream was coded with. The first one of the process compiles the sandbox: see the package's cost.
func NewDecoder(rate, channels int) (*Decoder, error) {
	if err := checkShape(rate, channels); err != nil {
		return nil, err
	}
	b, err := newDecoder(rate, channels)
	if err != nil {
		return nil, err
	}
	return &Decoder{b: b, rate: rate, channels: channels}, nil
}

func newDecoder(rate, channels int) (decoder, error) {
	if b, err := newSandboxDecoder(rate, channels); err == nil {
		return b, nil
	}
	return newPureDecoder(rate, channels)
}

// Decode decodes a packet into dst and returns how many values it wrote, of all channels together. A dst of 120 ms
// (Rate*Channels*12/100 values) is always enough; one that is too small is an error and leaves the decoder as it was. For a
// packet that is not valid Opus the error is ErrPacket, and the decoder goes on with the next.
func (d *Decoder) Decode(dst []int16, packet []byte) (n int, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.b == nil {
		return 0, ErrClosed
	}
	want, err := Samples(packet, d.rate)
	if err != nil {
		return 0, err
	}
	if want*d.channels > len(dst) {
		return 0, fmt.Errorf("opus: a packet of %d values into room for %d: give room for 120 ms", want*d.channels, len(dst))
	}
	n, err = d.b.decode(dst, packet, want)
	return n * d.channels, err
}

// Conceal fills dst, a multiple of 2.5 ms and at most 120 ms long, with a guess at sound that was lost, from what came before. The
// error is ErrUnsupported, and dst is left alone, where this build cannot.
func (d *Decoder) Conceal(dst []int16) (n int, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	want, err := d.gap(dst)
	if err != nil {
		return 0, err
	}
	n, err = d.b.conceal(dst, want)
	return n * d.channels, err
}

// Recover fills dst, a multiple of 2.5 ms and at most 120 ms long, with the end of what was lost just before the packet next: from
// the copy that next carries, and as Conceal does for what it does not carry. Decode next afterwards.
func (d *Decoder) Recover(dst []int16, next []byte) (n int, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	want, err := d.gap(dst)
	if err != nil {
		return 0, err
	}
	if _, err := Samples(next, d.rate); err != nil {
		return 0, err
	}
	n, err = d.b.recover(dst, next, want)
	return n * d.channels, err
}

// gap returns the samples per channel of a gap as long as dst.
func (d *Decoder) gap(dst []int16) (int, error) {
	if d.b == nil {
		return 0, ErrClosed
	}
	n := len(dst) / d.channels
	if step := d.rate / 400; n == 0 || n > 48*step || n%step != 0 || n*d.channels != len(dst) {
		return 0, fmt.Errorf("opus: a gap of %d values: take a multiple of %d, at most %d", len(dst), step*d.channels, 48*step*d.channels)
	}
	return n, nil
}

// Close frees what the decoder holds. It may be called again.
func (d *Decoder) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.b == nil {
		return nil
	}
	b := d.b
	d.b = nil
	return b.close()
}
