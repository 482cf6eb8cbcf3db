package jitter

import (
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// errNo is what the codec of these tests answers to what it cannot do.
var errNo = errors.New("cannot")

// raw is a codec whose packets are the samples themselves.
type raw struct{ channels int }

func (raw) Decode(dst []int16, packet []byte) (int, error) {
	n := len(packet) / 2
	for i := range n {
		dst[i] = int16(binary.LittleEndian.Uint16(packet[2*i:]))
	}
	return n, nil
}
func (raw) Conceal([]int16) (int, error)         { return 0, errNo }
func (raw) Recover([]int16, []byte) (int, error) { return 0, errNo }
func (r raw) samples(p []byte) (int, error)      { return len(p) / 2 / r.channels, nil }

func pack(pcm []int16) []byte {
	b := make([]byte, 0, 2*len(pcm))
	for _, v := range pcm {
		b = binary.LittleEndian.AppendUint16(b, uint16(v))
	}
	return b
}

// A delayer says how long a packet is on its way; false: it is lost. at is the time since the beginning.
type delayer func(r *rand.Rand, at time.Duration) (time.Duration, bool)

// loss loses packets before d.
func loss(percent float64, d delayer) delayer {
	return func(r *rand.Rand, at time.Duration) (time.Duration, bool) {
		v, ok := d(r, at)
		return v, ok && r.Float64()*100 >= percent
	}
}

func uniform(most time.Duration) delayer {
	return func(r *rand.Rand, _ time.Duration) (time.Duration, bool) {
		return 50*time.Millisecond + time.Duration(r.Int64N(int64(most)+1)), true
	}
}

func exponential(mean time.Duration) delayer {
	return func(r *rand.Rand, _ time.Duration) (time.Duration, bool) {
		return 50*time.Millisecond + time.Duration(r.ExpFloat64()*float64(mean)), true
	}
}

// spiky is mostly quick; one packet in a hundred starts a spike that holds up what follows, which then comes all at once.
func spiky(most time.Duration) delayer {
	var until time.Duration
	return func(r *rand.Rand, at time.Duration) (time.Duration, bool) {
		if r.IntN(100) == 0 {
			until = at + time.Duration(r.Int64N(int64(most)+1))
		}
		return 50*time.Millisecond + max(time.Duration(r.Int64N(int64(5*time.Millisecond))), until-at), true
	}
}

// A stream is a sender, a network and a player in virtual time.
type stream struct {
	rate, channels int
	frame          time.Duration
	skew           float64 // ppm by which the sender's clock runs faster than the player's
	network        delayer
	signal         []int16 // again and again, the same on all channels
	silent         func(at time.Duration) bool
	base           func(at time.Duration) time.Duration // added to the media times
	pullAt         func(n int) time.Duration            // when pull n happens; nil: each 10 ms
	decoder        Decoder
	before         func(at time.Duration, b *Buffer) // each pull
	heard          func(at time.Duration, pcm []int16, b *Buffer)
	min, max       time.Duration
	seed           uint64
}

type arrival struct {
	at     time.Duration
	t      time.Duration
	packet []byte
}

// run plays for d.
func (s stream) run(tb testing.TB, d time.Duration) *Buffer {
	tb.Helper()
	if s.rate == 0 {
		s.rate = 48000
	}
	s.channels = max(s.channels, 1)
	if s.frame == 0 {
		s.frame = 20 * time.Millisecond
	}
	codec := raw{s.channels}
	if s.decoder == nil {
		s.decoder = codec
	}
	b, err := New(Config{Rate: s.rate, Channels: s.channels, Decoder: s.decoder, Samples: codec.samples, Min: s.min, Max: s.max})
	if err != nil {
		tb.Fatal(err)
	}
	r := rand.New(rand.NewPCG(s.seed, 7))
	epoch := time.Unix(1e9, 0)
	out := make([]int16, s.rate/100*s.channels)
	var wire []arrival
	sent := 0
	for n := 0; ; n++ {
		at := time.Duration(n) * 10 * time.Millisecond
		if s.pullAt != nil {
			at = s.pullAt(n)
		}
		if at > d {
			return b
		}
		for {
			made := time.Duration(float64(sent+1) * float64(s.frame) / (1 + s.skew/1e6)) // when frame sent is whole
			if made > at {
				break
			}
			wire = s.send(wire, r, sent, made)
			sent++
		}
		for len(wire) > 0 && wire[0].at <= at {
			b.Put(wire[0].packet, wire[0].t, epoch.Add(wire[0].at))
			wire = wire[1:]
		}
		if s.before != nil {
			s.before(at, b)
		}
		b.Pull(out, epoch.Add(at))
		if s.heard != nil {
			s.heard(at, out, b)
		}
	}
}

// send puts a frame on the wire.
func (s stream) send(wire []arrival, r *rand.Rand, sent int, made time.Duration) []arrival {
	if s.silent != nil && s.silent(made) {
		return wire
	}
	delay, ok := s.network(r, made)
	if !ok {
		return wire
	}
	t := time.Duration(sent) * s.frame
	n := int(s.frame * time.Duration(s.rate) / time.Second)
	packet := make([]byte, 0, 2*n*s.channels)
	for i := range n {
		v := s.signal[(sent*n+i)%len(s.signal)]
		for range s.channels {
			packet = binary.LittleEndian.AppendUint16(packet, uint16(v))
		}
	}
	if s.base != nil {
		t += s.base(made)
	}
	a := arrival{at: made + delay, t: t, packet: packet}
	i, _ := slices.BinarySearchFunc(wire, a, func(x, y arrival) int {
		if x.at <= y.at {
			return -1
		}
		return 1
	})
	return slices.Insert(wire, i, a)
}

// tone is one second of a sine of whole hz.
func tone(rate, hz int, level float64) []int16 {
	s := make([]int16, rate)
	for i := range s {
		s[i] = int16(math.Round(32767 * level * math.Sin(2*math.Pi*float64(hz*i%rate)/float64(rate))))
	}
	return s
}

// A meter collects what the delay was.
type meter struct{ all []time.Duration }

func (m *meter) add(d time.Duration) { m.all = append(m.all, d) }

func (m *meter) sum() (mean, p99, most time.Duration) {
	s := slices.Sorted(slices.Values(m.all))
	var total time.Duration
	for _, d := range s {
		total += d
	}
	return total / time.Duration(len(s)), s[len(s)*99/100], s[len(s)-1]
}
