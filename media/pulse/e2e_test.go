package pulse_test

import (
	"context"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/internal/pulsetest"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/pcm"
	"github.com/sotto-calls/sotto/media/pulse"
)

// A room is a call from a person who speaks into the sink "mouth", whose monitor is the microphone, to one who listens to
// the sink "ear".
type room struct {
	server  *pulsetest.Server
	mic     *pcm.Microphone
	speaker *pcm.Speaker
	a, b    *party
	micIs   events
	earIs   events
}

// events are what devices said.
type events struct {
	mu  sync.Mutex
	all []media.DeviceEvent
	new chan struct{}
}

func (e *events) notify(v media.DeviceEvent) {
	e.mu.Lock()
	e.all = append(e.all, v)
	e.mu.Unlock()
	e.new <- struct{}{}
}

// next waits for event n, counted from 0.
func (e *events) next(t *testing.T, n int) media.DeviceEvent {
	t.Helper()
	for {
		e.mu.Lock()
		if n < len(e.all) {
			defer e.mu.Unlock()
			return e.all[n]
		}
		e.mu.Unlock()
		select {
		case <-e.new:
		case <-time.After(5 * time.Second):
			t.Fatalf("no event %d", n)
		}
	}
}

func newRoom(t *testing.T) *room {
	t.Helper()
	r := &room{server: pulsetest.Start(t, "other", "mouth", "ear")}
	r.micIs.new, r.earIs.new = make(chan struct{}, 100), make(chan struct{}, 100)
	var err error
	r.mic, err = pcm.NewMicrophone(pcm.MicrophoneConfig{Open: pulse.Microphone("mouth.monitor"), Notify: r.micIs.notify})
	check(t, err)
	t.Cleanup(func() { r.mic.Close() })
	r.speaker, err = pcm.NewSpeaker(pcm.SpeakerConfig{Open: pulse.Speaker("ear"), Notify: r.earIs.notify})
	check(t, err)
	t.Cleanup(func() { r.speaker.Close() })
	r.a, r.b = call(t, r.mic, func(track media.TrackInfo) media.Sink {
		sink, err := r.speaker.Sink(track)
		if err != nil {
			t.Error(err)
		}
		return sink
	})
	return r
}

// speak plays a tone into the mouth until it is stopped or the device goes away.
func (r *room) speak(t *testing.T, hz float64) (stop func()) {
	t.Helper()
	out, err := pulse.Speaker("mouth")(t.Context())
	check(t, err)
	ctx, cancel := context.WithCancel(context.Background()) // it may outlive a subtest
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = keepPlaying(ctx, out, hz, 8000) // that the device goes away is the subject of a test
		out.Close()
	}()
	return func() { cancel(); <-done }
}

// hears records what the ear hears until there is a tone, of about its amplitude, for a while.
func (r *room) hears(t *testing.T, hz float64) (sound []int16) {
	t.Helper()
	in := openInput(t, pulse.Microphone("ear.monitor"))
	const window = rate / 10
	for good := 0; good < 3; {
		piece, err := record(t.Context(), in, window)
		check(t, err)
		if sound = append(sound, piece...); len(sound) > 10*rate {
			t.Fatalf("no tone: amplitude %.0f of 8000", amplitude(piece, hz))
		}
		if a := amplitude(piece, hz); a > 6000 && a < 10000 {
			good++
		} else {
			good = 0
		}
	}
	in.Close()
	return sound
}

// TestCall: a tone spoken here is heard there, as it was, without a gap.
func TestCall(t *testing.T) {
	r := newRoom(t)
	defer r.speak(t, 1000)()
	r.hears(t, 1000)
	heard, err := record(t.Context(), openInput(t, pulse.Microphone("ear.monitor")), 3*rate)
	check(t, err)
	if a := amplitude(heard[:rate/4], 1000); a < 7000 || a > 9000 {
		t.Errorf("amplitude %.0f of 8000", a)
	}
	if a, at := quietest(heard, 1000); a < 4000 {
		t.Errorf("a gap at %v: %.0f of 8000", at, a)
	} else {
		t.Logf("at the quietest %.0f of 8000", a)
	}
	r.log(t)
}

func (r *room) log(t *testing.T) {
	m, s := r.mic.Stats(), r.speaker.Stats()
	t.Logf("microphone: %+v", m)
	t.Logf("speaker: %+v", s)
	if len(s.Tracks) == 1 {
		t.Logf("by their own account: %v and %v", m.Latency, s.Latency(s.Tracks[0]))
	}
}

// A listener finds clicks in what a source yields, on the clock of the machine.
type listener struct {
	in     pcm.Input
	opened time.Time
	origin time.Duration // of sample 0: the earliest that any piece of sound tells
	clicks []int         // samples
	done   chan struct{}
}

// listen runs until the Input is closed.
func listen(t *testing.T, source string) *listener {
	t.Helper()
	l := &listener{in: openInput(t, pulse.Microphone(source)), opened: time.Now(), origin: time.Hour, done: make(chan struct{})}
	go func() {
		defer close(l.done)
		buf := make([]int16, rate/100)
		for n := 0; ; {
			k, err := l.in.Read(context.Background(), buf)
			if err != nil {
				return
			}
			for i, x := range buf[:k] {
				if (x > 3000 || x < -3000) && (len(l.clicks) == 0 || n+i > l.clicks[len(l.clicks)-1]+rate/5) {
					l.clicks = append(l.clicks, n+i)
				}
			}
			n += k
			l.origin = min(l.origin, time.Since(l.opened)-time.Duration(n)*time.Second/rate)
		}
	}()
	return l
}

// times ends the listener and says when the clicks were.
func (l *listener) times() []time.Time {
	l.in.Close()
	<-l.done
	out := make([]time.Time, len(l.clicks))
	for i, c := range l.clicks {
		out[i] = l.opened.Add(l.origin + time.Duration(c)*time.Second/rate)
	}
	return out
}

// TestMouthToEar measures how long a click takes from the microphone of one end to the speaker of the other: both are
// heard as their monitors yield them, so that the listeners' own delay is in both and falls out.
func TestMouthToEar(t *testing.T) {
	const count, apart = 20, 410 * time.Millisecond // not a multiple of a frame
	r := newRoom(t)
	stop := r.speak(t, 1000)
	r.hears(t, 1000)
	stop()
	out := openOutput(t, pulse.Speaker("mouth"))
	silence := make([]int16, format(apart))
	check(t, out.Write(t.Context(), silence))
	mouth, ear := listen(t, "mouth.monitor"), listen(t, "ear.monitor")
	for range count {
		check(t, out.Write(t.Context(), tone(2000, 16000, 0, rate/200)))
		check(t, out.Write(t.Context(), silence))
	}
	said, heard := mouth.times(), ear.times()
	if len(said) != count || len(heard) != count {
		t.Fatalf("%d clicks said, %d heard", len(said), len(heard))
	}
	took := make([]time.Duration, count)
	for i := range took {
		took[i] = heard[i].Sub(said[i])
	}
	slices.Sort(took)
	t.Logf("mouth to ear: median %v, least %v, most %v", took[count/2], took[0], took[count-1])
	r.log(t)
	limit := 400 * time.Millisecond
	if os.Getenv("SOTTO_SPEED") == "1" {
		limit = 150 * time.Millisecond
	}
	if took[count/2] > limit {
		t.Errorf("mouth to ear: median %v, at most %v", took[count/2], limit)
	}
}

func format(d time.Duration) int { return pcm.Format{Rate: rate, Channels: 1}.Samples(d) }

// TestPulledInCall: either device goes and comes back, and the call goes on.
func TestPulledInCall(t *testing.T) {
	r := newRoom(t)
	stop := r.speak(t, 1000)
	r.hears(t, 1000)
	for i, c := range []struct {
		sink string
		is   *events
	}{{"mouth", &r.micIs}, {"ear", &r.earIs}} {
		t.Run(c.sink, func(t *testing.T) {
			pulled := time.Now()
			r.server.RemoveSink(c.sink)
			down := c.is.next(t, 0)
			t.Logf("after %v: %v", time.Since(pulled), down.Err)
			if down.Up {
				t.Error("it is up")
			}
			wantFault(t, "the event", down.Err, media.DeviceGone)
			back := time.Now()
			r.server.AddSink(c.sink)
			if up := c.is.next(t, 1); !up.Up || up.Err != nil || up.Device != down.Device {
				t.Errorf("%+v", up)
			}
			t.Logf("back after %v", time.Since(back))
			if i == 0 {
				stop()
				stop = r.speak(t, 1000)
			}
			r.hears(t, 1000)
			if a, b := r.a.stateNow(), r.b.stateNow(); a != media.ConnConnected || b != media.ConnConnected {
				t.Errorf("the call is %v and %v", a, b)
			}
		})
	}
	stop()
}
