package main

import (
	"encoding/binary"
	"math"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/call/calltest"
	"github.com/sotto-calls/sotto/media"
)

// Frames that come out of order, twice, late or never are in order for the files, and what is missing is known.
func TestOrder(t *testing.T) {
	const step = 20 * time.Millisecond
	steps := func(from, to int) (all []int) {
		for n := from; n <= to; n++ {
			all = append(all, n)
		}
		return all
	}
	for _, c := range []struct {
		name string
		come []int
		gone []out // at once; nil: what came, in its order
		rest []out
	}{
		{name: "in order", come: steps(0, 9)},
		{"overtaken", []int{0, 1, 3, 4, 2, 5}, []out{{0, 0}, {1, 0}, {2, 0}, {3, 0}, {4, 0}, {5, 0}}, nil},
		{"twice", []int{0, 1, 1, 3, 3, 2, 2, 1}, []out{{0, 0}, {1, 0}, {2, 0}, {3, 0}}, nil},
		{"lost, and the end", []int{0, 1, 2, 5, 6}, []out{{0, 0}, {1, 0}, {2, 0}}, []out{{5, 2}, {6, 0}}},
		{"lost, and too late", append(append([]int{0, 1}, steps(3, 43)...), 2, 44),
			append([]out{{0, 0}, {1, 0}, {3, 1}}, outs(steps(4, 44))...), nil},
		{name: "the second is lost", come: []int{0, 2, 3, 4, 5}},
		{"the second is late", []int{0, 2, 1, 3, 4}, outs([]int{0, 2, 3, 4}), nil},
		{name: "a pause after the first", come: append([]int{0}, steps(500, 520)...)},
		{name: "shorter frames", come: []int{0, 2, 4, 5, 6, 7}},
		{"begun anew", []int{5000, 5001, 0, 1, 2}, []out{{5000, 0}, {5001, 0}, {0, 0}, {1, 0}, {2, 0}}, nil},
		{"begun anew behind a hole", []int{5000, 5001, 5003, 0, 1}, []out{{5000, 0}, {5001, 0}, {5003, 1}, {0, 0}, {1, 0}}, nil},
	} {
		if c.gone == nil {
			c.gone = outs(c.come)
		}
		var o order
		var gone, rest []out
		for _, n := range c.come {
			for _, f := range o.add(media.Frame{Time: time.Duration(n) * step}) {
				gone = append(gone, out{int(f.Time / step), f.Missing})
			}
		}
		for _, f := range o.rest() {
			rest = append(rest, out{int(f.Time / step), f.Missing})
		}
		if !slices.Equal(gone, c.gone) || !slices.Equal(rest, c.rest) {
			t.Errorf("%s: %v and %v, want %v and %v", c.name, gone, rest, c.gone, c.rest)
		}
	}
	var o order
	for n := range 10_000 {
		o.add(media.Frame{Time: time.Duration(n) * time.Nanosecond << (n % 20)})
		if len(o.held) > mostHeld {
			t.Fatalf("%d frames are held", len(o.held))
		}
	}
}

// An out is a frame, by its number, that goes on.
type out struct{ n, missing int }

func outs(all []int) (o []out) {
	for _, n := range all {
		o = append(o, out{n, 0})
	}
	return o
}

// A packet that is lost, and not sent again, is all that the mix lacks: it does not wait, as a file does, and then has too much at
// once. The file has what follows in its place.
func TestALostPacketInTheMix(t *testing.T) {
	dir := one(t, withRecorderOver(t, &bot{policy: policy{grace: 0}}, calltest.Options{OneWay: 40 * time.Millisecond}, func(s *stage) {
		a := s.ring(false)
		time.Sleep(3 * time.Second)
		var lost atomic.Uint64 // one packet, and what is sent again of it
		s.net.World.Lose(func(p calltest.Packet) bool {
			if len(p.Data) < 12 || p.Data[0]>>6 != 2 || p.Data[1]&0x7f != 111 || p.From[:8] != "1.2.3.4:" {
				return false
			}
			id := uint64(binary.BigEndian.Uint32(p.Data[8:]))<<16 | uint64(binary.BigEndian.Uint16(p.Data[2:]))
			lost.CompareAndSwap(0, id)
			return id == lost.Load()
		})
		time.Sleep(3 * time.Second)
		a.hangUp()
		if lost.Load() == 0 {
			t.Fatal("nothing was lost")
		}
	}))
	samples := readMix(t, dir)
	const piece = 480 // 10 ms
	tone := func(at int) bool { return amplitude(samples[at:][:piece], 440) > 1000 }
	begin, end := 0, len(samples)-piece
	for ; begin < end && !tone(begin); begin += piece {
	}
	for ; end > begin && !tone(end); end -= piece {
	}
	heard := float64(end-begin) / 48000
	begin += 48000 // the beep
	missing := 0
	for at := begin; at < end; at += piece {
		if !tone(at) {
			missing += 10
		}
	}
	if missing > 40 || end-begin < 48000*3 {
		t.Errorf("%d ms of %d are no tone", missing, (end-begin)/48)
	}
	require(t, "ffprobe")
	t.Logf("%d ms of the mix are no tone", missing)
	if _, seconds := probe(t, filepath.Join(dir, "participant-1.ogg")); math.Abs(seconds-heard) > 0.1 {
		t.Errorf("the Ogg file has %.2f s, the mix %.2f", seconds, heard)
	}
}
