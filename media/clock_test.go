package media

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/internal/sim"
)

const ms = time.Millisecond

// TestSendClock: what happens to a source's time on the connection's clock.
func TestSendClock(t *testing.T) {
	type step struct {
		now, t time.Duration
		fresh  bool
		want   time.Duration
	}
	for _, tt := range []struct {
		name  string
		steps []step
	}{
		{"starts with the connection", []step{{1003 * ms, 0, true, 1000 * ms}, {1041 * ms, 40 * ms, false, 1040 * ms}}},
		{"starts later", []step{{5000 * ms, 0, true, 5000 * ms}, {5100 * ms, 100 * ms, false, 5100 * ms}}},
		{"does not start at 0", []step{{1002 * ms, 900 * ms, true, 1002 * ms}, {1042 * ms, 940 * ms, false, 1042 * ms}}},
		{"stands still while muted", []step{{1000 * ms, 0, true, 1000 * ms}, {4000 * ms, 20 * ms, true, 4000 * ms}, {4020 * ms, 40 * ms, false, 4020 * ms}}},
		{"goes on while muted", []step{{1000 * ms, 0, true, 1000 * ms}, {4000 * ms, 3000 * ms, true, 4000 * ms}}},
		{"catches up after the mute", []step{
			{1000 * ms, 0, true, 1000 * ms}, {4000 * ms, 20 * ms, true, 4000 * ms}, {4000 * ms, 40 * ms, false, 4020 * ms},
			{4000 * ms, 60 * ms, false, 4040 * ms}, {4000 * ms, 2000 * ms, false, 4041 * ms},
		}},
		{"comes late and says so", []step{{1000 * ms, 0, true, 1000 * ms}, {1900 * ms, 20 * ms, false, 1020 * ms}}},
		{"is replaced", []step{{1000 * ms, 0, true, 1000 * ms}, {9000 * ms, 0, true, 9000 * ms}}},
	} {
		var c sendClock
		for i, s := range tt.steps {
			if got := c.at(s.now, 1000*ms, s.t, s.fresh); got != s.want {
				t.Errorf("%s: step %d: %v, want %v", tt.name, i, got, s.want)
			}
		}
	}
}

// TestSoundFollowsItsDevice: the timestamps of a microphone whose clock is off go on in equal steps for an hour, and the
// reports say by how much, whatever else makes frames late.
func TestSoundFollowsItsDevice(t *testing.T) {
	for _, ppm := range []time.Duration{200, -200} {
		c := &sendClock{base: 7}
		for n := range time.Duration(180_001) {
			at := n * 20 * ms
			now := at - at*ppm/1e6 + n%7*3*ms // a fast clock yields its frames early
			if got := c.at(now, 0, at, n == 0); got != at {
				t.Fatalf("%d ppm: frame %d at %v, want %v", ppm, n, got, at)
			}
			off := at - now + n%7*3*ms
			if said := time.Duration(-c.drift.Load()); n%driftFrames == 0 && (said-off).Abs() > 12*ms {
				t.Fatalf("%d ppm: after %v reports are off by %v, the clock by %v", ppm, at, said, off)
			}
		}
		if got, want := c.reading(time.Hour, 48000), c.timestamp(time.Hour+time.Hour*ppm/1e6, 48000); int32(got-want) > 480 || int32(want-got) > 480 {
			t.Errorf("%d ppm: reports say %d, the source is at %d", ppm, got, want)
		}
	}
}

// TestReceiveClockFollowsDrift: what is recorded stays together with the pictures though the sound's clock is off.
func TestReceiveClockFollowsDrift(t *testing.T) {
	start := time.Unix(1000, 0)
	var call callClock
	audio := &receiveClock{call: &call, rate: 48000}
	for now := time.Duration(0); now < time.Hour; now += time.Second {
		ts := uint32(ticks(now+now*200/1e6, 48000))
		got := audio.time(ts, start.Add(now))
		if off := (got - now).Abs(); off > driftSeen+2*ms {
			t.Fatalf("after %v a frame is %v off", now, off)
		}
		audio.reported(7*time.Second+now, ts)
	}
}

// TestReceiveClock: two tracks that started together lie together, however their packets came; and timestamps wrap.
func TestReceiveClock(t *testing.T) {
	start := time.Unix(1000, 0)
	var call callClock
	audio := &receiveClock{call: &call, rate: 48000}
	video := &receiveClock{call: &call, rate: 90000}
	const baseA, baseV = 4294967000, 4294960000 // near the wrap
	if at := audio.time(baseA, start); at != 0 {
		t.Errorf("first frame at %v", at)
	}
	if at := video.time(baseV, start.Add(300*ms)); at != 300*ms {
		t.Errorf("by arrival: %v", at)
	}
	at := func(base uint32, d time.Duration, rate int64) uint32 { return base + uint32(ticks(d, rate)) }
	audio.reported(7*time.Second+time.Second, at(baseA, time.Second, 48000))
	video.reported(7*time.Second+2*time.Second, at(baseV, 2*time.Second, 90000))
	for d := 400 * ms; d < 20*time.Hour; d += 7 * time.Second {
		a, v := audio.time(at(baseA, d, 48000), start), video.time(at(baseV, d, 90000), start)
		if a-d > ms || d-a > ms || v-d > ms || d-v > ms {
			t.Fatalf("at %v audio says %v and video %v", d, a, v)
		}
	}
	before := video.time(at(baseV, 21*time.Hour, 90000), start)
	if again := video.time(at(baseV, 21*time.Hour-time.Minute, 90000), start); again != before {
		t.Errorf("time went from %v to %v", before, again)
	}
	video.restart()
	if v := video.time(99, start.Add(30*time.Hour)); v != 30*time.Hour {
		t.Errorf("a new stream begins at %v", v)
	}
}

// TestMutedForHalfADay: sound that was muted for longer than half of what timestamps count to goes on where it should, for
// a jitter buffer too, and packets out of order stay where they were. The mutation that makes it fail: unwrap that goes to
// the nearest.
func TestMutedForHalfADay(t *testing.T) {
	for _, kept := range []bool{false, true} {
		for _, pause := range []time.Duration{time.Hour, 12 * time.Hour, 12*time.Hour + 30*time.Minute, 24 * time.Hour} {
			start := time.Unix(1000, 0)
			var call callClock
			audio := &receiveClock{call: &call, rate: 48000}
			audio.keep(kept)
			const base = 4294967000 // near the wrap
			at := func(d time.Duration) uint32 { return base + uint32(ticks(d, 48000)) }
			audio.time(at(0), start)
			audio.reported(7*time.Second, at(0))
			for _, d := range []time.Duration{pause, pause + 40*ms, pause + 20*ms, pause + 60*ms} {
				want := d
				if !kept && d == pause+20*ms {
					want = pause + 40*ms // it never goes back
				}
				if got := audio.time(at(d), start.Add(d)); (got - want).Abs() > ms {
					t.Errorf("kept %v: after %v a frame is at %v, want %v", kept, pause, got, want)
				}
				audio.reported(7*time.Second+d, at(d))
			}
		}
	}
}

// TestLongCall: sequence numbers wrap, and neither a frame nor a millisecond is lost in half an hour.
func TestLongCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p := simPair(t, sim.Link{OneWay: 50 * time.Millisecond})
		audio := newSource(Audio, 90_000, 40)
		p.dial(t, []Source{audio}, nil, both, both)
		check(t, p.a.conn.Drain(t.Context()))
		p.close()
		wantFrames(t, "audio", p.b.sinkOf("0"), audio)
	})
}

// TestPicturesFollowSoundThatStays: sound for a jitter buffer keeps its steps, so the reports move the pictures to it: at the
// beginning, where a large key frame came late, and as its clock drifts.
func TestPicturesFollowSoundThatStays(t *testing.T) {
	for _, first := range []string{"sound", "pictures"} { // whose report comes first
		start := time.Unix(1000, 0)
		var call callClock
		audio, video := &receiveClock{call: &call, rate: 48000}, &receiveClock{call: &call, rate: 90000}
		audio.keep(true)
		for now := time.Duration(0); now < time.Hour; now += time.Second {
			ats, vts := uint32(ticks(now+now*200/1e6, 48000)), uint32(ticks(now, 90000))
			late := 20 * ms
			if now == 0 {
				late = 500 * ms
			}
			heard := audio.time(ats, start.Add(now+20*ms))
			seen := video.time(vts, start.Add(now+late))
			if off := (heard - seen).Abs(); now > time.Second && off > driftSeen+2*ms {
				t.Fatalf("%s: after %v the pictures are %v off", first, now, off)
			}
			if first == "sound" {
				audio.reported(7*time.Second+now, ats)
			}
			video.reported(7*time.Second+now, vts)
			if first == "pictures" {
				audio.reported(7*time.Second+now, ats)
			}
		}
	}
}
