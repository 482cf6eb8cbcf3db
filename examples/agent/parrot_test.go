package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/call/calltest"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/pcm"
)

// The parrot says what it has heard, soon after its end: with the setting of the flags at the first try.
func TestParrot(t *testing.T) {
	words := speech(t, "The parrot repeats whatever it hears.")
	turns, again, most, least := someTurns, patient, 2*time.Second, 0.5 // another sentence reaches 0.4
	if alone() {
		again, most, least = someTurns, 700*time.Millisecond, 0.7
	}
	inRealTime(t, func() error {
		alice, _, stop := startAgent(t, &bot{turn: turns}, onLoopback)
		defer stop()
		silence := turns.silence
		turns = again
		a := ring(t, alice)
		defer a.hangUp()
		quiet, sound, err := a.hearParrot(words)
		if err != nil {
			return err
		}
		e := a.written()
		like, stretch := alike(words, sound)
		t.Logf("quiet: %v from the end of speech to the first sample of the answer, %d ms as the agent has it; %v of silence end a turn",
			quiet, e[1].QuietMS, silence)
		t.Logf("the answer is as loud as what was said with a correlation of %.2f, and %.2f times as long", like, stretch)
		good := quiet < most && like > least && math.Abs(stretch-1) < 0.2 &&
			e[0].Who == "caller" && strings.HasPrefix(e[0].Text, "heard 2.") && e[0].Sotto == "transcript" && e[0].Version == 1 && e[0].Number == 1 &&
			e[1].Who == "agent" && e[1].QuietMS > 0 && !e[1].Interrupted && math.Abs(e[1].Seconds-e[0].Seconds) < 0.1
		if !good {
			return fmt.Errorf("that is not what it should be, within %v; the transcript has %+v", most, e)
		}
		return nil
	})
}

// hearParrot says something and returns how long it was quiet, and the answer.
func (a *caller) hearParrot(words []int16) (quiet time.Duration, sound []int16, err error) {
	a.t.Helper()
	a.mu.Lock()
	before, entries := len(a.at), len(a.entries)
	a.mu.Unlock()
	from := a.say(words)
	if _, err := a.waitEntries(entries + 2); err != nil {
		return 0, nil, err
	}
	if err := a.waitHops(40); err != nil { // what is still on its way
		return 0, nil, err
	}
	asked, err := a.saidAt(from + len(words) - 1)
	if err != nil {
		return 0, nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	first, last := a.loud(before)
	if first < 0 {
		return 0, nil, errors.New("the answer is not heard")
	}
	n := heard.Samples(hop)
	return a.at[first].Sub(asked), slices.Clone(a.sound[first*n : (last+1)*n]), nil
}

// alike compares how loud two sounds are over time, a piece at a time: a jitter buffer plays a little faster or slower
// where the machine is busy. It says too how much longer the second is.
func alike(words, sound []int16) (like, stretch float64) {
	const piece, reach = 80, 30 // hops
	a, b := envelope(words, spoken), envelope(sound, heard)
	sum, n := 0.0, 0
	for from := 0; from+piece <= len(a); from += piece {
		best := 0.0
		for shift := -reach; shift <= reach; shift++ {
			if at := from + shift; at >= 0 && at+piece <= len(b) {
				best = max(best, correlation(a[from:][:piece], b[at:][:piece]))
			}
		}
		sum, n = sum+best, n+1
	}
	return sum / float64(n), float64(len(b)) / float64(len(a))
}

// envelope is the level of each hop, in dB over -70 dBov.
func envelope(samples []int16, f pcm.Format) (e []float64) {
	for n := f.Samples(hop); len(samples) >= n; samples = samples[n:] {
		e = append(e, max(70-float64(pcm.Level(samples[:n])), 0))
	}
	return e
}

func correlation(a, b []float64) float64 {
	var sa, sb, saa, sbb, sab float64
	for i := range a {
		sa, sb, saa, sbb, sab = sa+a[i], sb+b[i], saa+a[i]*a[i], sbb+b[i]*b[i], sab+a[i]*b[i]
	}
	n := float64(len(a))
	return (n*sab - sa*sb) / math.Sqrt((n*saa-sa*sa)*(n*sbb-sb*sb))
}

// A cough neither is answered nor interrupts.
func TestBlips(t *testing.T) {
	words := speech(t, "The parrot repeats whatever it hears.")
	const length = 60 * time.Millisecond
	cough := words[:spoken.Samples(length)]
	for at := 0; at+len(cough) <= len(words); at += len(cough) / 4 {
		if piece := words[at:][:len(cough)]; pcm.Level(piece) < pcm.Level(cough) {
			cough = piece
		}
	}
	synctest.Test(t, func(t *testing.T) {
		alice, _, stop := startAgent(t, &bot{}, calltest.Options{OneWay: 20 * time.Millisecond})
		a := ring(t, alice)
		time.Sleep(time.Second)
		a.say(cough)
		time.Sleep(2 * time.Second)
		a.say(append(append([]int16(nil), words...), make([]int16, spoken.Samples(1500*time.Millisecond))...))
		a.say(cough) // into the answer
		e := a.awaitEntries(2)
		if e[0].Who != "caller" || e[0].Seconds < 1.2 || e[1].Who != "agent" || e[1].Interrupted {
			t.Errorf("the transcript has %+v", e)
		}
		time.Sleep(2 * time.Second)
		if e := a.awaitEntries(2); len(e) != 2 {
			t.Errorf("a cough was answered: %+v", e[2:])
		}
		a.hangUp()
		stop()
	})
}

// On a path of 20 ms one way that loses nothing, the parrot is as quick as its turn detection lets it be.
func TestParrotInVirtualTime(t *testing.T) {
	words := speech(t, "The parrot repeats whatever it hears.")
	synctest.Test(t, func(t *testing.T) {
		alice, _, stop := startAgent(t, &bot{}, calltest.Options{OneWay: 20 * time.Millisecond})
		a := ring(t, alice)
		for range 3 {
			quiet, sound, err := a.hearParrot(words)
			if err != nil {
				t.Fatal(err)
			}
			like, stretch := alike(words, sound)
			t.Logf("quiet: %v; correlation %.2f, %.2f times as long", quiet, like, stretch)
			if quiet > 500*time.Millisecond || like < 0.9 || math.Abs(stretch-1) > 0.02 {
				t.Error("that is not what it should be")
			}
			time.Sleep(time.Second)
		}
		a.hangUp()
		stop()
	})
}

// Each call has its own ears and its own mouth.
func TestTwoCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		alice, _, stop := startAgent(t, &bot{}, calltest.Options{})
		a, b := ring(t, alice), ring(t, alice)
		a.say(buzz(500 * time.Millisecond))
		b.say(buzz(time.Second))
		for _, c := range []struct {
			*caller
			want float64
		}{{a, 0.55}, {b, 1.05}} {
			if e := c.awaitEntries(2); math.Abs(e[0].Seconds-c.want) > 0.1 || e[1].Who != "agent" || e[1].Interrupted || e[1].Number != 2 {
				t.Errorf("the transcript has %+v", e)
			}
		}
		a.hangUp()
		b.hangUp()
		stop()
	})
}

// Who sends no sound is declined: there would be nothing to answer.
func TestACallWithoutSound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		alice, said, stop := startAgent(t, &bot{}, calltest.Options{})
		c, err := alice.Client.Dial(t.Context(), alice.Peer, call.Media{Receive: func(media.TrackInfo) media.Sink { return nil }})
		if err != nil {
			t.Fatal(err)
		}
		<-c.Done()
		if e, ok := c.Err().(*call.EndedError); !ok || e.Reason != call.Declined {
			t.Errorf("the call ended: %v", c.Err())
		}
		stop()
		if !strings.Contains(said.String(), "a talk needs sound in both directions") {
			t.Errorf("the agent said\n%s", said)
		}
	})
}

// buzz is a sound that a Detector takes for a voice.
func buzz(length time.Duration) []int16 {
	samples := make([]int16, spoken.Samples(length))
	for i := range samples {
		for harmonic := 1.0; harmonic < 20; harmonic++ {
			samples[i] += int16(4000 / harmonic * math.Sin(2*math.Pi*125*harmonic*float64(i)/float64(spoken.Rate)))
		}
	}
	fade(samples, spoken)
	return samples
}
