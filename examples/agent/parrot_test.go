package main

import (
	"math"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/call/calltest"
	"github.com/sotto-calls/sotto/media/pcm"
)

// limitOf is what a figure may be: strict where the machine has nothing else to do (SOTTO_SPEED=1).
func limitOf(strict, otherwise time.Duration) time.Duration {
	if os.Getenv("SOTTO_SPEED") == "1" {
		return strict
	}
	return otherwise
}

// The parrot says what it has heard, soon after its end.
func TestParrot(t *testing.T) {
	words := speech(t, "The parrot repeats whatever it hears.")
	alice, _, _ := startAgent(t, &bot{}, onLoopback)
	a := ring(t, alice)
	quiet, sound := a.hearParrot(words)
	t.Logf("quiet: %v from the end of speech to the first sample of the answer", quiet)
	if most := limitOf(700*time.Millisecond, 1500*time.Millisecond); quiet > most {
		t.Errorf("that is more than %v", most)
	}
	sameSound(t, words, sound)
	e := a.awaitEntries(2)
	if e[0].Who != "caller" || !strings.HasPrefix(e[0].Text, "heard 2.") || e[0].Sotto != "transcript" || e[0].Version != 1 || e[0].Number != 1 {
		t.Errorf("heard: %+v", e[0])
	}
	if e[1].Who != "agent" || e[1].QuietMS <= 0 || e[1].Interrupted || math.Abs(e[1].Seconds-e[0].Seconds) > 0.1 {
		t.Errorf("said: %+v", e[1])
	}
	t.Logf("the agent has its own figure: %d ms", e[1].QuietMS)
	a.hangUp()
}

// hearParrot says something and returns how long it was quiet, and the answer.
func (a *caller) hearParrot(words []int16) (quiet time.Duration, sound []int16) {
	a.t.Helper()
	a.mu.Lock()
	before, entries := len(a.at), len(a.entries)
	a.mu.Unlock()
	from := a.say(words)
	a.awaitEntries(entries + 2)
	a.awaitHops(40) // what is still on its way
	a.mu.Lock()
	first, last := a.loud(before)
	answered := a.at[first]
	n := heard.Samples(hop)
	sound = append(sound, a.sound[first*n:(last+1)*n]...)
	a.mu.Unlock()
	return answered.Sub(a.saidAt(from + len(words) - 1)), sound
}

// sameSound compares how loud two sounds are over time, a piece at a time: a jitter buffer plays a little faster or slower
// where the machine is busy.
func sameSound(t *testing.T, words, sound []int16) {
	t.Helper()
	const piece, reach = 40, 30 // hops
	a, b := envelope(words, spoken), envelope(sound, heard)
	if ratio := float64(len(b)) / float64(len(a)); ratio < 0.85 || ratio > 1.15 {
		t.Errorf("the answer has %d hops, what was said %d", len(b), len(a))
	}
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
	t.Logf("the loudness of the answer and of what was said correlate by %.2f", sum/float64(n))
	if sum/float64(n) < 0.8 {
		t.Error("that is another sound")
	}
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

// A caller who speaks while the agent does is listened to.
func TestBargeIn(t *testing.T) {
	words := speech(t, "This is a rather long sentence, so that there is enough of it to interrupt.")
	no := speech(t, "No no no no, wait!")
	alice, said, _ := startAgent(t, &bot{}, onLoopback)
	a := ring(t, alice)
	a.say(words)
	a.await("the answer", func() bool { first, _ := a.loud(0); return first >= 0 })
	a.awaitHops(80)
	from := a.say(no)
	e := a.awaitEntries(2)[1]
	a.mu.Lock()
	n := len(a.at)
	a.mu.Unlock()
	a.awaitHops(20)
	began := a.saidAt(from)
	stopped := said.at(t, "interrupted after").Sub(began)
	t.Logf("barge-in: %v from the caller's first sample until the agent stopped", stopped)
	if most := limitOf(200*time.Millisecond, 500*time.Millisecond); stopped > most {
		t.Errorf("that is more than %v", most)
	}
	a.mu.Lock()
	_, last := a.loud(0)
	t.Logf("barge-in: %v until it was not heard any more", a.at[last].Sub(began))
	if last > n+15 {
		t.Errorf("it was heard %d hops after it stopped", last-n)
	}
	a.mu.Unlock()
	if !e.Interrupted || e.Seconds < 0.6 || e.Seconds > 2 || !strings.HasPrefix(e.Note, "interrupted after ") {
		t.Errorf("said: %+v", e)
	}
	a.hangUp()
}

// In virtual time: a cough neither is answered nor interrupts.
func TestBlips(t *testing.T) {
	words := speech(t, "The parrot repeats whatever it hears.")
	synctest.Test(t, func(t *testing.T) {
		alice, _, stop := startAgent(t, &bot{}, calltest.Options{OneWay: 20 * time.Millisecond})
		a := ring(t, alice)
		time.Sleep(time.Second)
		a.say(words[len(words)/3:][:spoken.Samples(60*time.Millisecond)])
		time.Sleep(2 * time.Second)
		quiet, sound := a.hearParrot(words)
		sameSound(t, words, sound)
		t.Logf("quiet: %v in virtual time, with 20 ms one way", quiet)
		if quiet > 700*time.Millisecond {
			t.Errorf("that is more than 700 ms")
		}
		a.hangUp()
		stop()
	})
}
