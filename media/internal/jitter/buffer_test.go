package jitter

import (
	"strings"
	"testing"
	"time"
)

func TestConfig(t *testing.T) {
	_, err := New(Config{Rate: 1, Channels: 3, Min: 2, Max: 1})
	if err == nil {
		t.Fatal("no error")
	}
	if n := strings.Count(err.Error(), "jitter: "); n != 4 {
		t.Errorf("%d faults: %v", n, err)
	}
}

// steadyState is a buffer that has played for a second, and a step of 20 ms with one packet lost in fifty.
func steadyState(tb testing.TB) (b *Buffer, step func()) {
	b, err := New(Config{Rate: 48000, Channels: 1, Decoder: raw{1}, Samples: raw{1}.samples})
	if err != nil {
		tb.Fatal(err)
	}
	packet, out := pack(tone(48000, 450, 0.5)[:960]), make([]int16, 480)
	epoch, n := time.Unix(1, 0), 0
	step = func() {
		at := time.Duration(n) * 20 * time.Millisecond
		if n%50 != 7 {
			b.Put(packet, at, epoch.Add(at+time.Duration(n*7919%30)*time.Millisecond))
		}
		b.Pull(out, epoch.Add(at+30*time.Millisecond))
		b.Pull(out, epoch.Add(at+40*time.Millisecond))
		n++
	}
	for range 50 {
		step()
	}
	return b, step
}

func TestAllocatesNothing(t *testing.T) {
	b, step := steadyState(t)
	if n := testing.AllocsPerRun(2000, step); n != 0 {
		t.Errorf("%v allocations in 20 ms", n)
	}
	if s := b.Stats(); s.Concealed == 0 || s.Lost == 0 {
		t.Errorf("nothing was concealed: %+v", s)
	}
}

// BenchmarkPlay is 20 ms: a Put and two Pulls, with 2 % loss.
func BenchmarkPlay(b *testing.B) {
	_, step := steadyState(b)
	b.ReportAllocs()
	for b.Loop() {
		step()
	}
}

// TestBounded: packets that nobody pulls are dropped, the oldest first, and played from where the delay is right.
func TestBounded(t *testing.T) {
	for _, frame := range []time.Duration{5 * ms, 20 * ms} {
		b, err := New(Config{Rate: 8000, Channels: 1, Decoder: raw{1}, Samples: raw{1}.samples})
		if err != nil {
			t.Fatal(err)
		}
		epoch := time.Unix(1, 0)
		var at time.Duration
		for range 1000 {
			b.Put(pack(make([]int16, int(frame/ms)*8)), at, epoch.Add(at))
			at += frame
		}
		if b.queue.n > mostPackets || b.Delay() > mostTime || b.Stats().Discarded == 0 {
			t.Errorf("%d packets, %v", b.queue.n, b.Delay())
		}
		b.Pull(make([]int16, 80), epoch.Add(at))
		if d := b.Delay(); d > 80*ms {
			t.Errorf("%v after a pull", d)
		}
	}
}

// TestBegin: playing begins at the first target, and goes down from there on a network without jitter.
func TestBegin(t *testing.T) {
	var first, last, end time.Duration
	b := stream{signal: tone(48000, 440, 0.5), network: uniform(0), heard: func(at time.Duration, pcm []int16, b *Buffer) {
		if first == 0 && pcm[len(pcm)-1] != 0 {
			first = at
		}
		last, end = b.Delay(), at
	}}.run(t, 10*time.Second)
	if first < 100*ms || first > 120*ms { // 20 to record, 50 on the way, 40 to wait; a pull ends with what began it
		t.Errorf("first sound after %v", first)
	}
	if s := b.Stats(); s.Target != 20*ms || last > 40*ms || s.Accelerated == 0 {
		t.Errorf("%v after %v, %+v", last, end, s)
	}
}
