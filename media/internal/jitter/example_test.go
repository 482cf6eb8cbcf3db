package jitter_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/sotto-calls/sotto/media/internal/jitter"
)

// linear is a codec of one byte a sample.
type linear struct{}

func (linear) Decode(dst []int16, packet []byte) (int, error) {
	for i, v := range packet {
		dst[i] = int16(v) << 7
	}
	return len(packet), nil
}
func (linear) Conceal([]int16) (int, error)         { return 0, errors.New("cannot") }
func (linear) Recover([]int16, []byte) (int, error) { return 0, errors.New("cannot") }

// A packet is lost; what is pulled has no hole.
func Example() {
	b, err := jitter.New(jitter.Config{
		Rate: 8000, Channels: 1, Decoder: linear{},
		Samples: func(packet []byte) (int, error) { return len(packet), nil },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	now, samples := time.Now(), make([]int16, 80)
	for i := range 100 { // 10 ms each
		at := time.Duration(i) * 10 * time.Millisecond
		if i%2 == 0 && i != 50 {
			packet := make([]byte, 160)
			b.Put(packet, at, now.Add(at))
		}
		b.Pull(samples, now.Add(at))
	}
	s := b.Stats()
	fmt.Println(s.Lost, "lost,", s.Concealed, "samples concealed")
	// Output: 1 lost, 160 samples concealed
}
