package jitter

import (
	"encoding/binary"
	"os"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/media/internal/opus"
)

// numbered is an Opus decoder whose packets are named by their number, in the first sample of a packet of raw.
type numbered struct {
	*opus.Decoder
	packets [][]byte
}

func (d numbered) named(p []byte) []byte { return d.packets[binary.LittleEndian.Uint16(p)] }

func (d numbered) Decode(dst []int16, p []byte) (int, error) {
	return d.Decoder.Decode(dst, d.named(p))
}
func (d numbered) Recover(dst []int16, p []byte) (int, error) {
	return d.Decoder.Recover(dst, d.named(p))
}

// TestOpus: a minute of a tone through the real codec, whose concealment and recovery go on from each other.
func TestOpus(t *testing.T) {
	const frame = 960
	sine := tone(48000, 440, 0.5)
	numbers := make([]int16, 3100*frame)
	enc, err := opus.NewEncoder(opus.Config{Rate: 48000, Channels: 1, Bitrate: 32000, Loss: 5})
	if err != nil {
		if os.Getenv("SOTTO_REQUIRE") == "1" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	defer enc.Close()
	packets := make([][]byte, 3100)
	for k := range packets {
		from := k * frame % len(sine)
		if packets[k], err = enc.Encode(nil, sine[from:from+frame]); err != nil {
			t.Fatal(err)
		}
		numbers[k*frame] = int16(k)
	}
	for name, network := range map[string]delayer{"uniform": loss(2, uniform(30*ms)), "exponential": loss(2, exponential(10*ms))} {
		t.Run(name, func(t *testing.T) {
			dec, err := opus.NewDecoder(48000, 1)
			if err != nil {
				t.Fatal(err)
			}
			defer dec.Close()
			l := listen(48000, 1, time.Second)
			b := stream{signal: numbers, network: network, skew: 200, decoder: numbered{dec, packets},
				heard: func(at time.Duration, pcm []int16, _ *Buffer) { l.hear(at, pcm) }}.run(t, time.Minute)
			if s := b.Stats(); s.Recovered == 0 || s.Malformed > 0 {
				t.Errorf("%+v", s)
			}
			l.check(t, 440, 0.5, 0.01, 0.9, 1.6)
		})
	}
}
