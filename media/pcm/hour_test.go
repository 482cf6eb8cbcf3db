package pcm_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/internal/heartbeat"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/pcm"
)

// TestSkew has a Writer whose clock is not that of the Speaker's device, on a path that loses 2 % and delays the rest by up
// to 30 ms more: the delay stays low for minutes, or for an hour where SOTTO_LONG is set.
func TestSkew(t *testing.T) {
	for _, c := range []struct {
		codec  media.Codec
		skew   float64
		length time.Duration
	}{
		{media.Opus, 200, 10 * time.Minute}, {media.Opus, -200, 2 * time.Minute},
		{media.PCMU, 200, 2 * time.Minute}, {media.PCMU, -200, 2 * time.Minute},
	} {
		if os.Getenv("SOTTO_LONG") != "" {
			c.length = time.Hour
		} else if raceOn {
			c.length = 20 * time.Second
		}
		t.Run(fmt.Sprint(c.codec, c.skew), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { testSkew(t, c.codec, c.skew, c.length, func() bool { return true }) })
		})
	}
}

// testSkew looks at the delay again and again, where counts says that this moment does.
func testSkew(t *testing.T, codec media.Codec, skew float64, length time.Duration, counts func() bool) {
	r := &room{format: wide, skew: skew, forget: true}
	s := newSpeaker(t, pcm.SpeakerConfig{Open: r.Output})
	w := newWriter(t, pcm.WriterConfig{Format: narrow, Codec: codec})
	sink, err := s.Sink(w.Track())
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(3, 4))
	sendAll(t, w, func(f media.Frame) {
		if random.IntN(100) < 2 {
			return
		}
		time.AfterFunc(40*ms+time.Duration(random.Int64N(int64(30*ms))), func() { sink.WriteFrame(f) })
	})
	hum := tone(narrow, 200, 0.3, time.Second)
	var most time.Duration
	looks, samples := 0, 0
	for start := time.Now(); time.Since(start) < length; time.Sleep(93 * ms) {
		if w.Stats().Waiting < time.Second {
			w.Write(t.Context(), hum)
		}
		if looks++; !counts() {
			continue
		}
		samples++
		if most = max(most, s.Stats().Tracks[0].Delay); most > 120*ms {
			t.Fatalf("delay %v after %v", most, time.Since(start))
		}
	}
	got := s.Stats().Tracks[0]
	t.Logf("delay up to %v in %v, at %d looks of %d: %+v", most, length, samples, looks, got)
	if 2*samples < looks {
		t.Errorf("only %d looks of %d count: this machine stands still too often to say anything", samples, looks)
	}
	if got.Resets > 0 && samples == looks || got.Concealed > length/20 {
		t.Errorf("%+v", got)
	}
}

// TestRealMinutes is the same by the clock of this machine, for ten minutes where SOTTO_LONG is set: timers that are late, and
// a garbage collector. What follows the machine's standing still does not count, until the buffer has forgotten it.
func TestRealMinutes(t *testing.T) {
	if os.Getenv("SOTTO_LONG") == "" {
		t.Skip("ten minutes of real time: set SOTTO_LONG=1")
	}
	const (
		still  = 30 * ms          // more than the network's jitter
		memory = 12 * time.Second // the buffer's, of delays, and the time to play less
	)
	heart := heartbeat.Start(t)
	var stood time.Time
	testSkew(t, media.Opus, 200, 10*time.Minute, func() bool {
		if heart.Late() > still {
			t.Logf("this machine stood still for %v", heart.Late())
			stood = time.Now()
			heart.Forget()
		}
		return time.Since(stood) > memory
	})
}
