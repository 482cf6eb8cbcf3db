package pcm_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/pcm"
)

// A ringInput is a device as they are: what is not read within 200 ms is gone, the oldest first. It brings nothing while it
// is stuck, and then what was held back, at four times the pace: how much that is, its Delay does not know.
type ringInput struct {
	rate  float64 // of its clock
	start time.Time
	count int       // samples that were read or lost
	stuck time.Time // until then; zero: it never was
	held  int       // all that it had brought when it got stuck
	room  int       // samples that wait at most
}

var ringFormat = pcm.Format{Rate: 48000, Channels: 1}

// openRing opens an input whose clock gains so much.
func openRing(ppm float64) *ringInput {
	return &ringInput{rate: 48000 * (1 + ppm/1e6), start: time.Now(), room: ringFormat.Samples(200 * ms)}
}

func (r *ringInput) Format() pcm.Format { return ringFormat }
func (r *ringInput) Close() error       { return nil }

// waiting is what is there to be read.
func (r *ringInput) waiting() int {
	brought := int(r.rate * time.Since(r.start).Seconds())
	if !r.stuck.IsZero() {
		brought = min(brought, r.held+int(4*r.rate*max(time.Since(r.stuck), 0).Seconds()))
	}
	return brought - r.count
}

// stick holds the input back for so long.
func (r *ringInput) stick(d time.Duration) {
	r.held = r.count + r.waiting()
	r.stuck = time.Now().Add(d)
}

func (r *ringInput) Delay() time.Duration { return ringFormat.Duration(max(r.waiting(), 0)) }

func (r *ringInput) Read(ctx context.Context, buf []int16) (int, error) {
	for r.waiting() < len(buf) {
		select {
		case <-time.After(ms):
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	r.count += max(r.waiting()-r.room, 0)
	r.count += len(buf)
	return len(buf), nil
}

// behind reads for so long, and says how far the last frame is behind the first by the clock on the wall, and how often the
// time made a step that is no frame's.
func behind(t *testing.T, m media.Source, length time.Duration) (late time.Duration, steps int) {
	t.Helper()
	began := time.Now()
	first := frames(t, m, 1)[0]
	start := time.Now()
	last := first
	for time.Since(began) < length {
		at := frames(t, m, 1)[0]
		if at-last != 20*ms {
			steps++
		}
		last = at
	}
	return time.Since(start) - (last - first), steps
}

// Who reads a device late loses sound, and no time: after stalls that are each too short to be a standstill, the time is right
// again. Mutations: heard without follow; follow that compares with what was lost at the last stall alone.
func TestMicrophoneAfterStalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := openRing(0)
		stalls, blocks := 0, 0
		m := newMicrophone(t, pcm.MicrophoneConfig{Codec: media.PCMU,
			Open: func(context.Context) (pcm.Input, error) { return in, nil },
			Hear: func(pcm.Voice) {
				if blocks++; blocks%300 == 299 && stalls < 6 { // each 3 s
					stalls++
					time.Sleep(260 * ms) // of which 60 ms are lost
				}
			}})
		late, steps := behind(t, m, 30*time.Second)
		if stalls != 6 || late.Abs() > 85*ms {
			t.Errorf("%v behind after %d stalls", late, stalls)
		}
		if steps < 3 || steps > 20 {
			t.Errorf("%d steps", steps)
		}
	})
}

// The time follows the device's clock in equal steps, slow or fast: sender reports tell of it. Mutation: follow without drift.
func TestMicrophoneSkew(t *testing.T) {
	for _, ppm := range []float64{-800, 800} {
		synctest.Test(t, func(t *testing.T) {
			in := openRing(ppm)
			m := newMicrophone(t, pcm.MicrophoneConfig{Codec: media.PCMU, Open: func(context.Context) (pcm.Input, error) { return in, nil }})
			if late, steps := behind(t, m, 2*time.Minute); steps > 0 {
				t.Errorf("%v ppm: %d steps, and %v behind", ppm, steps, late)
			}
		})
	}
}

// What comes late and then faster was not lost: the time makes no step. Mutation: follow counts what each Read is behind, and not
// the least of them.
func TestMicrophoneBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := openRing(0)
		in.room = ringFormat.Samples(time.Second)
		blocks := 0
		m := newMicrophone(t, pcm.MicrophoneConfig{Codec: media.PCMU,
			Open: func(context.Context) (pcm.Input, error) { return in, nil },
			Hear: func(pcm.Voice) {
				if blocks++; blocks%300 == 299 {
					in.stick(300 * ms)
				}
			}})
		late, _ := behind(t, m, 20*time.Second)
		if late < -25*ms || late > 25*ms {
			t.Errorf("%v behind", late)
		}
	})
}
