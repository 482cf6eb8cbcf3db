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

// A skewed is a Writer whose clock is not that of the Speaker's device, on a path that loses some and delays the rest by up
// to 30 ms more.
type skewed struct {
	codec  media.Codec
	ppm    float64
	loss   int // percent
	length time.Duration
}

// TestSkew: the delay stays low for minutes, or for an hour where SOTTO_LONG is set. The mutation that makes it fail: return at
// once from the jitter buffer's changeSpeed. Where packets are lost, which hides the skew, it shows in the count of what was
// left out and added; where none is lost, in the delay, or in what is concealed.
func TestSkew(t *testing.T) {
	for _, c := range []skewed{
		{media.Opus, 200, 2, 10 * time.Minute}, {media.Opus, -200, 2, 2 * time.Minute},
		{media.PCMU, 200, 2, 2 * time.Minute}, {media.PCMU, -200, 2, 2 * time.Minute},
		{media.Opus, 200, 0, 10 * time.Minute}, {media.PCMU, -200, 0, 10 * time.Minute},
	} {
		if os.Getenv("SOTTO_LONG") != "" {
			c.length = time.Hour
		} else if raceOn {
			c.length = 20 * time.Second
		}
		t.Run(fmt.Sprintf("%s %+.0f ppm %d %%", c.codec, c.ppm, c.loss), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { c.test(t, func() bool { return true }) })
		})
	}
}

// test looks at the delay again and again, where counts says that this moment does.
func (c skewed) test(t *testing.T, counts func() bool) {
	r := &room{format: wide, skew: c.ppm, forget: true}
	s := newSpeaker(t, pcm.SpeakerConfig{Open: r.Output})
	w := newWriter(t, pcm.WriterConfig{Format: narrow, Codec: c.codec})
	sink, err := s.Sink(w.Track())
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(3, 4))
	sendAll(t, w, func(f media.Frame) {
		if random.IntN(100) < c.loss {
			return
		}
		time.AfterFunc(40*ms+time.Duration(random.Int64N(int64(30*ms))), func() { sink.WriteFrame(f) })
	})
	hum := tone(narrow, 200, 0.3, time.Second)
	var most time.Duration
	looks, samples := 0, 0
	for start := time.Now(); time.Since(start) < c.length; time.Sleep(93 * ms) {
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
	t.Logf("delay up to %v in %v, at %d looks of %d: %+v", most, c.length, samples, looks, got)
	if 2*samples < looks {
		t.Errorf("only %d looks of %d count: this machine stands still too often to say anything", samples, looks)
	}
	if got.Resets > 0 && samples == looks || got.Concealed > c.length*time.Duration(1+5*c.loss)/200 {
		t.Errorf("%+v", got)
	}
	if c.length > time.Minute && got.Accelerated+got.Expanded == 0 {
		t.Error("the speed was never changed")
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
	skewed{media.Opus, 200, 2, 10 * time.Minute}.test(t, func() bool {
		if heart.Late() > still {
			t.Logf("this machine stood still for %v", heart.Late())
			stood = time.Now()
			heart.Forget()
		}
		return time.Since(stood) > memory
	})
}
