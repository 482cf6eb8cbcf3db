package jitter

import (
	"flag"
	"fmt"
	"testing"
	"time"
)

var seeds = flag.Uint64("seeds", 1, "how often each hour is played, with other luck")

// A row is one line of the table of results.
type row struct {
	name    string
	time    time.Duration
	network func() delayer
	frame   time.Duration // ms
	limit   time.Duration // ms of delay, at any moment
	lowest  float64       // level of any 100 ms, to that of the tone
	conceal float64       // percent of the sound, at most
}

var rows = []row{
	{"uniform 0-30 ms", time.Hour, func() delayer { return loss(2, uniform(30*ms)) }, 20, 120, 0.6, 2.6},
	{"exponential 10 ms", time.Hour, func() delayer { return loss(2, exponential(10*ms)) }, 20, 120, 0.6, 2.6},
	{"spikes to 30 ms", time.Hour, func() delayer { return loss(2, spiky(30*ms)) }, 20, 120, 0.6, 2.6},
	{"exponential 30 ms", 10 * time.Minute, func() delayer { return loss(2, exponential(30*ms)) }, 20, 240, 0.5, 4},
	{"spikes to 100 ms", 10 * time.Minute, func() delayer { return loss(2, spiky(100*ms)) }, 20, 200, 0.4, 4},
	{"uniform, 60 ms", 10 * time.Minute, func() delayer { return loss(2, uniform(30*ms)) }, 60, 160, 0.25, 2.6},
	{"0-30 ms, no loss", time.Hour, func() delayer { return uniform(30 * ms) }, 20, 120, 0.6, 0.1},
	{"none, no loss", 10 * time.Minute, func() delayer { return uniform(0) }, 20, 80, 0.9, 0},
}

// TestOneHour: one virtual hour with a skew of 200 ppm between both ends (720 ms of drift), 2 % loss and jitter keeps the
// delay low, all the time, and the tone a tone. The mutation that makes every row fail: return at once from changeSpeed.
// Where packets are lost that shows in the count of what was left out and added alone, for leaving out what is missing makes
// up for the skew; where none is lost, in the delay and in what is concealed.
func TestOneHour(t *testing.T) {
	t.Logf("%-18s %8s %7s %6s %6s %7s %10s %9s %12s %8s %9s %7s", "jitter, 2 % loss", "skew", "mean", "p99", "most", "target", "concealed", "expanded",
		"accelerated", "skipped", "underruns", "resets")
	for _, tt := range rows {
		for _, skew := range []float64{200, -200} {
			for seed := range *seeds {
				t.Run(fmt.Sprintf("%s %+.0f ppm %d", tt.name, skew, seed), func(t *testing.T) {
					t.Parallel()
					tt.play(t, skew, seed)
				})
			}
		}
	}
}

func (tt row) play(t *testing.T, skew float64, seed uint64) {
	var m meter
	l := listen(48000, 1, time.Second)
	begin := time.Now()
	b := stream{skew: skew, seed: seed, network: tt.network(), frame: tt.frame * ms, signal: tone(48000, 440, 0.5),
		before: func(_ time.Duration, b *Buffer) { m.add(b.Delay()) },
		heard:  func(at time.Duration, pcm []int16, _ *Buffer) { l.hear(at, pcm) },
	}.run(t, tt.time/slower)
	mean, p99, most := m.sum()
	s := b.Stats()
	per := func(n uint64) float64 { return 100 * float64(n) / float64(s.Played) }
	t.Logf("%-18s %+4.0f ppm %3d ms %3d ms %3d ms %4d ms %8.2f %% %7.2f %% %10.2f %% %6.2f %% %9d %7d   in %v", tt.name, skew, mean.Milliseconds(), p99.Milliseconds(), most.Milliseconds(),
		s.Target.Milliseconds(), per(s.Concealed), per(s.Expanded), per(s.Accelerated), per(s.Skipped), s.Underruns, s.Resets, time.Since(begin).Round(time.Millisecond))
	if most >= tt.limit*ms {
		t.Errorf("the delay was %v", most)
	}
	if s.Resets > 0 || per(s.Concealed) > tt.conceal {
		t.Errorf("%+v", s)
	}
	if s.Accelerated+s.Expanded == 0 {
		t.Error("the speed was never changed")
	}
	l.check(t, 440, 0.5, 0.02, tt.lowest, 1.5)
}
