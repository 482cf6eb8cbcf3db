package pcm

import (
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/internal/g711"
	"github.com/sotto-calls/sotto/media/internal/opus"
	"github.com/sotto-calls/sotto/media/internal/resample"
)

const (
	g711Rate    = 8000
	expectLoss  = 5                       // percent: how much a lost frame's successor carries of it
	lookAhead   = 6500 * time.Microsecond // of the Opus encoder: RFC 6716 section 2, 2.5 ms and 4 ms
	opusBitrate = 32000                   // a channel
)

// outgoingTrack describes what is made of samples in a format.
func outgoingTrack(codec media.Codec, f Format, label string) (media.TrackInfo, error) {
	t := media.TrackInfo{Kind: media.Audio, Codec: codec, Label: label, ClockRate: rate, Channels: f.Channels}
	switch codec {
	case "":
		t.Codec = media.Opus
	case media.Opus:
	case media.PCMU, media.PCMA:
		t.ClockRate, t.Channels = g711Rate, 1
	default:
		return t, fmt.Errorf("pcm: nothing here encodes %.32q: use opus, PCMU or PCMA", codec)
	}
	return t, nil
}

// An outgoing encodes frames of 20 ms. Encoding is for one goroutine; the rest may be called from any.
type outgoing struct {
	mu      sync.Mutex
	codec   media.Codec
	format  Format
	closed  bool
	encoder *opus.Encoder // of Opus
	size    int           // of the last packet, which at a constant bitrate is that of the next

	down *resample.Resampler // of G.711, where the format is not its rate
	mono []int16
	low  []int16
}

func newOutgoing(t media.TrackInfo, f Format, bitrate int) (*outgoing, error) {
	opus.Prepare() // who speaks will hear too: the decoder must not be compiled when the first frame comes
	o := &outgoing{codec: t.Codec, format: f, size: 160}
	if t.Codec != media.Opus {
		if f.Rate != g711Rate {
			o.down = resample.New(f.Rate, g711Rate, 1)
		}
		return o, nil
	}
	if bitrate == 0 {
		bitrate = opusBitrate * f.Channels
	}
	var err error
	o.encoder, err = opus.NewEncoder(opus.Config{Rate: f.Rate, Channels: f.Channels, Bitrate: bitrate, Loss: expectLoss})
	return o, err
}

// encode makes a packet, freshly allocated, of 20 ms.
func (o *outgoing) encode(samples []int16) ([]byte, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return nil, fs.ErrClosed
	}
	if o.codec == media.Opus {
		packet, err := o.encoder.Encode(make([]byte, 0, o.size), samples)
		o.size = max(len(packet), 1)
		return packet, err
	}
	low := o.narrow(samples)
	packet := make([]byte, 0, len(low))
	if o.codec == media.PCMA {
		return g711.EncodeA(packet, low), nil
	}
	return g711.EncodeU(packet, low), nil
}

// narrow makes 8 kHz mono of 20 ms.
func (o *outgoing) narrow(samples []int16) []int16 {
	if o.down == nil && o.format.Channels == 1 {
		return samples
	}
	o.mono = reshape(o.mono[:0], samples, o.format.Channels, 1)
	if o.down == nil {
		return o.mono
	}
	o.low = o.down.Resample(o.low[:0], o.mono)
	return o.low
}

// delay is from the first sample of a frame until the frame is there, and what the encoder holds back of it.
func (o *outgoing) delay() time.Duration {
	switch {
	case o.codec == media.Opus:
		return frame + lookAhead
	case o.down != nil:
		return frame + o.down.Delay()
	}
	return frame
}

// setBitrate changes the rate from the next frame on. G.711 has one rate only.
func (o *outgoing) setBitrate(bps int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.encoder != nil && !o.closed && bps > 0 {
		_ = o.encoder.SetBitrate(bps) // out of its range: the rate stays
	}
}

func (o *outgoing) close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return nil
	}
	o.closed = true
	if o.encoder != nil {
		return o.encoder.Close()
	}
	return nil
}
