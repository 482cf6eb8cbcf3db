//go:build unix

package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/internal/heartbeat"
)

const (
	rate   = 48000     // samples a second
	window = rate / 50 // 20 ms
)

// A tone is a sine.
type tone struct{ hz, amplitude float64 }

var (
	heardByTest = tone{440, 3277} // what -microphone test hears: -20 dB
	saidByAlice = tone{440, 8192} // what synthetic.Tone says
)

// lasting is so much of the tone, as pulsetest plays it.
func (w tone) lasting(length time.Duration) io.Reader {
	samples := make([]int16, rate*length/time.Second)
	for i := range samples {
		samples[i] = int16(w.amplitude * math.Sin(2*math.Pi*w.hz*float64(i)/rate))
	}
	b, err := binary.Append(nil, binary.LittleEndian, samples)
	if err != nil {
		panic(err) // numbers of a fixed size
	}
	return bytes.NewReader(b)
}

// fault says where samples are anything but this tone, as loud as it is: no 20 ms may have less than half of it, or nearly as
// much of something else. A gap has none.
func (w tone) fault(samples []int16) error {
	_, err := w.share(samples)
	return err
}

// share is how much of samples is this tone, and the first fault of the rest.
func (w tone) share(samples []int16) (share float64, fault error) {
	good, windows := 0, 0
	for at := 0; at+window <= len(samples); at += window / 2 {
		piece := samples[at : at+window]
		found, all := w.in(piece), loudness(piece)
		windows++
		switch {
		case found >= w.amplitude/2 && found <= w.amplitude*3/2 && all <= found*5/4:
			good++
		case fault == nil:
			fault = fmt.Errorf("after %d ms 20 ms of an amplitude of %.0f have %.0f of %.0f Hz, want %.0f", at*1000/rate, all, found, w.hz, w.amplitude)
		}
	}
	return float64(good) / float64(windows), fault
}

// in is the tone's amplitude in samples, by Goertzel's algorithm.
func (w tone) in(samples []int16) float64 {
	c := 2 * math.Cos(2*math.Pi*w.hz/rate)
	var a, b float64
	for _, x := range samples {
		a, b = float64(x)+c*a-b, a
	}
	return 2 * math.Sqrt(max(0, a*a+b*b-c*a*b)) / float64(len(samples))
}

// loudness is the amplitude of a sine that is as loud as all of the samples.
func loudness(samples []int16) float64 {
	sum := 0.0
	for _, x := range samples {
		sum += float64(x) * float64(x)
	}
	return math.Sqrt(2 * sum / float64(len(samples)))
}

// arrives waits until there was half a second of the tone in what next returns, with gaps or without.
func (w tone) arrives(t *testing.T, next func(samples int) []int16) {
	t.Helper()
	var last error
	for have, start := 0, time.Now(); have < rate/2; {
		piece := next(window)
		if last = w.fault(piece); last == nil {
			have += len(piece)
		}
		if time.Since(start) > slow {
			t.Fatalf("%d ms of a tone; %v", have*1000/rate, last)
		}
	}
}

// lasts wants a second of the tone: without a gap where nothing else runs on this machine, elsewhere at least half of it.
func (w tone) lasts(t *testing.T, next func(samples int) []int16) {
	t.Helper()
	w.arrives(t, next)
	if os.Getenv("SOTTO_SPEED") == "1" {
		w.isWhole(t, next)
		return
	}
	for start := time.Now(); ; {
		share, err := w.share(next(rate))
		if share >= 0.5 {
			return
		}
		if time.Since(start) > slow {
			t.Fatalf("%.0f %% of a second are the tone; %v", 100*share, err)
		}
		t.Logf("NOT STEADY: %.0f %% of a second are the tone; %v; once more", 100*share, err)
	}
}

// isWhole wants a second without a gap. A gap while the machine stood still excuses a try, not the test, and so do two as the
// tone begins, when buffers find their depth.
func (w tone) isWhole(t *testing.T, next func(samples int) []int16) {
	t.Helper()
	const still, atFirst = 10 * time.Millisecond, 2
	machine := heartbeat.Start(t)
	for own, start := 0, time.Now(); ; {
		machine.Forget()
		err := w.fault(next(rate))
		if err == nil {
			return
		}
		late := machine.Late()
		if late < still {
			own++
		}
		if own > atFirst || time.Since(start) > slow {
			t.Fatalf("%v; the machine let us wait for %v", err, late)
		}
		t.Logf("NOT STEADY: %v; the machine let us wait for %v; once more", err, late)
	}
}

// A gap, another tone and a fainter one are told from the tone.
func TestTone(t *testing.T) {
	of := func(w tone) []int16 {
		samples := make([]int16, rate)
		if err := binary.Read(w.lasting(time.Second), binary.LittleEndian, samples); err != nil {
			t.Fatal(err)
		}
		return samples
	}
	right := tone{1000, 3000}
	gap, both, broken := of(right), of(right), of(right)
	clear(gap[rate/2:][:window*3/4])
	for at := 0; at < rate; at += 4 * window { // 40 of each 80 ms
		clear(broken[at:][:2*window])
	}
	for i, x := range of(tone{440, 3000}) {
		both[i] += x
	}
	for name, c := range map[string]struct {
		samples    []int16
		good, half bool
	}{
		"the tone": {of(right), true, true}, "a little louder": {of(tone{1000, 3600}), true, true}, "much fainter": {of(tone{1000, 1000}), false, false},
		"another": {of(tone{440, 3000}), false, false}, "two": {both, false, false}, "a gap of 15 ms": {gap, false, true},
		"half of it": {broken, false, false}, "silence": {make([]int16, rate), false, false},
	} {
		share, err := right.share(c.samples)
		if (err == nil) != c.good || (share == 1) != c.good || (share >= 0.5) != c.half {
			t.Errorf("%s: %.2f, %v", name, share, err)
		}
	}
}
