package pulse_test

import (
	"io"
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
		case <-time.After(20 * time.Second):
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
func (r *room) speak(hz float64) (stop func()) {
	return r.server.Play("mouth", rate, &hum{hz: hz, amplitude: 8000})
}

// hears listens to the ear until there is a tone, of about its amplitude, for a while.
func (r *room) hears(t *testing.T, hz float64) io.Reader {
	t.Helper()
	in, stop := r.server.Record("ear.monitor", rate)
	t.Cleanup(stop)
	const part = rate / 10
	for good, n := 0, 0; good < 3; n += part {
		a := amplitude(samplesOf(t, in, part), hz)
		if good++; a < 6000 || a > 10000 {
			good = 0
		}
		if n > 30*rate {
			t.Fatalf("no tone: amplitude %.0f of 8000", a)
		}
	}
	return in
}

// TestCall: a tone spoken here is heard there, as it was, without a gap; on a machine that does nothing else for half a minute.
func TestCall(t *testing.T) {
	r := newRoom(t)
	defer r.speak(1000)()
	in := r.hears(t, 1000)
	wantGapless(t, 1000, 8000, func() []int16 { return samplesOf(t, in, 3*rate) })
	if reserved() {
		wantSteady(t, 1000, 8000, func() []int16 { return samplesOf(t, in, rate) })
	}
	r.log(t)
}

func (r *room) log(t *testing.T) {
	t.Logf("microphone: %+v", r.mic.Stats())
	t.Logf("speaker: %+v", r.speaker.Stats())
}

// TestPulledInCall: either device goes and comes back, and the call goes on.
func TestPulledInCall(t *testing.T) {
	r := newRoom(t)
	stop := r.speak(1000)
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
				stop = r.speak(1000)
			}
			r.hears(t, 1000)
			if a, b := r.a.stateNow(), r.b.stateNow(); a != media.ConnConnected || b != media.ConnConnected {
				t.Errorf("the call is %v and %v", a, b)
			}
		})
	}
	stop()
}
