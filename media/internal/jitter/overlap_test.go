package jitter

import (
	"testing"
	"time"
)

// A counting codec says how much it decoded.
type counting struct {
	raw
	samples int
}

func (c *counting) Decode(dst []int16, packet []byte) (int, error) {
	n, err := c.raw.Decode(dst, packet)
	c.samples += n
	return n, err
}

// TestOverlap: a thousand packets of 120 ms a second, each a millisecond and a bit after the one before, in any order, cost
// no more to decode than what they last.
func TestOverlap(t *testing.T) {
	for name, order := range map[string]func(i int) int{
		"forward":       func(i int) int { return i },
		"backward":      func(i int) int { return i/10*10 + 9 - i%10 },
		"in big steps":  func(i int) int { return i/200*200 + i*7%200 },
		"backward, far": func(i int) int { return i/200*200 + 199 - i%200 },
	} {
		c := &counting{raw: raw{1}}
		b, err := New(Config{Rate: 8000, Channels: 1, Decoder: c, Samples: c.raw.samples})
		if err != nil {
			t.Fatal(err)
		}
		out, packet := make([]int16, 80), pack(make([]int16, 960))
		epoch := time.Unix(1, 0)
		const d = 10 * time.Second
		for i := range int(d / ms) {
			now := epoch.Add(time.Duration(i) * ms)
			b.Put(packet, time.Duration(order(i))*ms*101/100, now)
			if i%10 == 9 {
				b.Pull(out, now)
			}
		}
		decoded := time.Duration(c.samples) * time.Second / 8000
		t.Logf("%s: %v decoded in %v, %+v", name, decoded, d, b.Stats())
		if decoded > d*3/2 {
			t.Errorf("%s: %v decoded in %v", name, decoded, d)
		}
	}
}
