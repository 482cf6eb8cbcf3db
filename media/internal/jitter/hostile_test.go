package jitter

import (
	"encoding/binary"
	"math"
	"testing"
	"time"
)

// wild is a decoder that answers what its packet says, whatever that is.
type wild struct{ mood byte }

func (w *wild) say(n int) (int, error) {
	switch w.mood % 8 {
	case 0:
		return 0, errNo
	case 1:
		return -5, nil
	case 2:
		return math.MaxInt, nil
	case 3:
		return 7, nil
	case 4:
		return n / 2, nil
	}
	return n, nil
}

func (w *wild) Decode(dst []int16, packet []byte) (int, error) {
	w.mood = packet[0]
	for i := range dst {
		dst[i] = int16(i * 7919)
	}
	if w.mood >= 128 {
		return w.say(len(dst))
	}
	return w.say(int(packet[1]) * 16)
}
func (w *wild) Conceal(dst []int16) (int, error)           { return w.say(len(dst)) }
func (w *wild) Recover(dst []int16, _ []byte) (int, error) { return w.say(len(dst)) }

// FuzzBuffer puts and pulls in any order, with any times and a decoder without manners: a buffer never panics and holds no
// more than it may.
func FuzzBuffer(f *testing.F) {
	f.Add([]byte{0})
	f.Add([]byte("\x02\x02\x25\x30\x00\x00\x00\x00\x00\x00\x00\x00\x01\x10\x01\x10\x02\x02\xff\x30\xff\xff\xff\xff\xff\xff\xff\x7f"))
	for _, seed := range []byte{1, 6, 13} {
		var s []byte
		for i := range byte(60) {
			s = append(s, 2+i%3, seed*i, 30)
			s = binary.LittleEndian.AppendUint64(s, uint64(i)*uint64(20*time.Millisecond))
			s = append(s, 1, 20, 1, 20)
		}
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		channels, rate := 1, 8000
		if len(script) > 0 {
			channels, rate = 1+int(script[0]&1), []int{8000, 16000, 44100, 48000}[script[0]>>1&3]
		}
		b, err := New(Config{Rate: rate, Channels: channels, Decoder: &wild{}, Samples: func(p []byte) (int, error) {
			if p[0] == 99 {
				return -1, nil
			}
			return int(p[1]) * 16, nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		play(t, b, script)
	})
}

func play(t *testing.T, b *Buffer, script []byte) {
	now := time.Unix(1, 0)
	dst := make([]int16, 1021)
	for len(script) > 12 {
		op, a, c := script[0], script[1], script[2]
		wide := int64(binary.LittleEndian.Uint64(script[3:]))
		switch script = script[1:]; op % 5 {
		case 0:
			now = now.Add(time.Duration(wide))
		case 1:
			now = now.Add(time.Duration(a) * time.Millisecond)
			b.Pull(dst[:b.chunk*b.cfg.Channels], now)
		case 2, 3:
			b.Put([]byte{a, c}, time.Duration(wide), now)
			script = script[10:]
		case 4:
			b.Pull(dst[:int(a)*4], now)
		}
		if b.queue.n > mostPackets || b.Delay() > mostTime+time.Second || b.sound.ready() > b.samples(500*time.Millisecond) {
			t.Fatalf("%d packets, %v, %d samples", b.queue.n, b.Delay(), b.sound.ready())
		}
		if s := b.Stats(); s.Target < b.cfg.Min || s.Target > b.cfg.Max {
			t.Fatalf("target %v", s.Target)
		}
	}
}
