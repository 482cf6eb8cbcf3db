package jitter

import (
	"math/rand/v2"
	"testing"
	"time"
)

const ms = time.Millisecond

// steady is a network that only adds up to 10 ms, and what more says.
func steady(more func(at time.Duration) time.Duration) delayer {
	return func(r *rand.Rand, at time.Duration) (time.Duration, bool) {
		return 50*ms + time.Duration(r.Int64N(int64(10*ms))) + more(at), true
	}
}

func none(time.Duration) time.Duration { return 0 }

// after holds the delays from one moment on.
func after(at, from time.Duration, b *Buffer, m *meter) {
	if at >= from {
		m.add(b.Delay())
	}
}

// TestBurst: nothing for 200 ms, then all at once. The delay grows by that, and comes back down within two seconds;
// nothing is lost and nothing clicks.
func TestBurst(t *testing.T) {
	var high, back time.Duration
	l := listen(48000, 1, time.Second)
	b := stream{signal: tone(48000, 440, 0.5), network: steady(func(at time.Duration) time.Duration {
		return max(0, 10*time.Second+200*ms-at) * time.Duration(min(1, max(0, (at-10*time.Second)/ms)))
	}), before: func(at time.Duration, b *Buffer) {
		if at > 10*time.Second {
			high = max(high, b.Delay())
			if b.Delay() > 80*ms {
				back = at - 10*time.Second - 250*ms
			}
		}
	}, heard: func(at time.Duration, pcm []int16, _ *Buffer) { l.hear(at, pcm) }}.run(t, 20*time.Second)
	s := b.Stats()
	t.Logf("200 ms of nothing: up to %v, back under 80 ms %v later; %d concealed, %d accelerated", high, back,
		s.Concealed, s.Accelerated)
	if high < 120*ms || high > 280*ms || back > 2*time.Second || s.Lost > 0 || s.Resets > 0 {
		t.Errorf("%+v", s)
	}
	l.check(t, 440, 0.5, 1, 0.1, 1.5) // it fades; crossings of a window that is half silent say no frequency
}

// TestOutage: half a second of nothing, then all at once: what is too old is not played.
func TestOutage(t *testing.T) {
	var m meter
	b := stream{signal: tone(48000, 440, 0.5), network: steady(func(at time.Duration) time.Duration {
		return max(0, 10*time.Second+500*ms-at) * time.Duration(min(1, max(0, (at-10*time.Second)/ms)))
	}), before: func(at time.Duration, b *Buffer) { after(at, 10*time.Second+600*ms, b, &m) }}.run(t, 15*time.Second)
	_, _, most := m.sum()
	if s := b.Stats(); s.Resets != 1 || s.Late < 10 || most > 250*ms {
		t.Errorf("most %v, %+v", most, s)
	}
}

// TestRoute: the way through the network becomes 100 ms longer, and later 100 ms shorter. The delay over the quickest
// packets comes back, both times.
func TestRoute(t *testing.T) {
	var up, down meter
	l := listen(48000, 1, time.Second)
	b := stream{signal: tone(48000, 440, 0.5), network: steady(func(at time.Duration) time.Duration {
		if at > 10*time.Second && at < 20*time.Second {
			return 100 * ms
		}
		return 0
	}), before: func(at time.Duration, b *Buffer) {
		if at < 20*time.Second {
			after(at, 12*time.Second, b, &up)
		} else {
			after(at, 23*time.Second, b, &down)
		}
	}, heard: func(at time.Duration, pcm []int16, _ *Buffer) { l.hear(at, pcm) }}.run(t, 30*time.Second)
	_, _, mostUp := up.sum()
	_, _, mostDown := down.sum()
	s := b.Stats()
	t.Logf("two seconds after a route 100 ms longer: %v; three after it is shorter again: %v", mostUp, mostDown)
	if mostUp > 90*ms || mostDown > 90*ms || s.Resets > 0 || s.Lost > 5 {
		t.Errorf("%+v", s)
	}
	l.check(t, 440, 0.5, 0.02, 0.3, 1.5)
}

// TestMute: a sender that pauses for ten seconds is silent, and heard again at the delay of before.
func TestMute(t *testing.T) {
	var m meter
	var loud, silent int
	b := stream{signal: tone(48000, 440, 0.5), network: steady(none),
		silent: func(at time.Duration) bool { return at > 10*time.Second && at < 20*time.Second },
		before: func(at time.Duration, b *Buffer) { after(at, 20*time.Second, b, &m) },
		heard: func(at time.Duration, pcm []int16, _ *Buffer) {
			for _, v := range pcm {
				if v > 8000 {
					if at > 10*time.Second+400*ms && at < 20*time.Second {
						silent++
					}
					if at > 20*time.Second+150*ms {
						loud++
					}
				}
			}
		}}.run(t, 25*time.Second)
	_, _, most := m.sum()
	if s := b.Stats(); s.Resets != 1 || s.Lost > 0 || most > 90*ms || silent > 0 || loud < 48000 {
		t.Errorf("most %v, %d samples in the silence, %d after it, %+v", most, silent, loud, s)
	}
}

// TestRestart: the sender begins anew with other times: an hour further, an hour back, half a second either way.
func TestRestart(t *testing.T) {
	for _, by := range []time.Duration{time.Hour, -time.Hour, 500 * ms, -500 * ms} {
		var m meter
		zeros := 0
		b := stream{signal: tone(48000, 440, 0.5), network: steady(none),
			base:   func(at time.Duration) time.Duration { return by * min(1, at/(10*time.Second)) },
			before: func(at time.Duration, b *Buffer) { after(at, 14*time.Second, b, &m) },
			heard: func(at time.Duration, pcm []int16, _ *Buffer) {
				if at > 10*time.Second && pcm[0] == 0 && pcm[1] == 0 {
					zeros++
				}
			}}.run(t, 18*time.Second)
		_, _, most := m.sum()
		t.Logf("times %v on: %d ms of silence, then at most %v", by, 10*zeros, most)
		if s := b.Stats(); most > 120*ms || zeros > 100 || s.Resets > 2 {
			t.Errorf("%+v", s)
		}
	}
}

// TestTwins: every packet comes twice, the second time at once or long after.
func TestTwins(t *testing.T) {
	for _, second := range []time.Duration{0, 300 * ms} {
		b, err := New(Config{Rate: 8000, Channels: 1, Decoder: raw{1}, Samples: raw{1}.samples})
		if err != nil {
			t.Fatal(err)
		}
		out := make([]int16, 80)
		epoch := time.Unix(1, 0)
		for i := range 400 {
			at := time.Duration(i) * 10 * ms
			for _, sent := range []time.Duration{at, at - second} {
				if sent >= 0 && sent%(20*ms) == 0 {
					b.Put(pack(make([]int16, 160)), sent, epoch.Add(at))
				}
			}
			b.Pull(out, epoch.Add(at))
		}
		s := b.Stats()
		if s.Duplicate < 180 || s.Late > 0 || s.Lost > 0 || s.Delay > 60*ms {
			t.Errorf("%v: %+v", second, s)
		}
	}
}

// TestFrames: other rates, lengths of frames and channels, and a device that pulls in bursts, are as good.
func TestFrames(t *testing.T) {
	bursts := func(n int) time.Duration { return time.Duration(n/4*4) * 10 * ms }
	for _, tt := range []struct {
		name string
		s    stream
		most time.Duration
	}{
		{"8 kHz, 20 ms", stream{rate: 8000}, 120 * ms},
		{"16 kHz stereo, 20 ms", stream{rate: 16000, channels: 2}, 120 * ms},
		{"48 kHz, 10 ms", stream{frame: 10 * ms}, 110 * ms},
		{"48 kHz, 60 ms", stream{frame: 60 * ms}, 160 * ms},
		{"48 kHz stereo, 2.5 ms", stream{frame: 2500 * time.Microsecond, channels: 2}, 110 * ms},
		{"44.1 kHz, 20 ms", stream{rate: 44100}, 120 * ms},
		{"four pulls at once", stream{pullAt: bursts}, 160 * ms},
		{"60 ms and four pulls at once", stream{frame: 60 * ms, pullAt: bursts}, 200 * ms},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, m := tt.s, meter{}
			s.channels = max(s.channels, 1)
			if s.rate == 0 {
				s.rate = 48000
			}
			l := listen(s.rate, s.channels, time.Second)
			s.signal, s.network, s.skew = tone(s.rate, 440, 0.5), loss(2, uniform(30*ms)), 200
			s.before = func(_ time.Duration, b *Buffer) { m.add(b.Delay()) }
			s.heard = func(at time.Duration, pcm []int16, _ *Buffer) { l.hear(at, pcm) }
			b := s.run(t, 5*time.Minute/slower)
			mean, p99, most := m.sum()
			t.Logf("mean %v p99 %v most %v", mean, p99, most)
			if most > tt.most || b.Stats().Resets > 0 || b.Stats().Silent > uint64(s.rate/4) {
				t.Errorf("%+v", b.Stats())
			}
			l.check(t, 440, 0.5, 0.03, 0.25, 1.6)
		})
	}
}
