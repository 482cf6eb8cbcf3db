package pulse_test

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/internal/pulsetest"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/pcm"
	"github.com/sotto-calls/sotto/media/pulse"
)

// plugIn gives the server a microphone that hears what a sink plays, and makes it the default. Monitors are not taken as that.
func plugIn(s *pulsetest.Server, sink string) (module string) {
	module = s.Load("module-remap-source", "master="+sink+".monitor", "source_name="+sink+"-jack")
	s.Pactl("set-default-source", sink+"-jack")
	return module
}

// TestTone: what is played comes out, at its frequency and level, without a gap.
func TestTone(t *testing.T) {
	plugIn(pulsetest.Start(t, "cable", "other"), "cable")
	for _, c := range []struct {
		name, sink, source string
		samples            int
	}{
		{"default", "", "", 3 * rate / 2},
		{"ID", "other", "other.monitor", rate / 2},
		{"description", "other (null)", "Monitor of other (null)", rate / 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			in, out := openInput(t, pulse.Microphone(c.source)), openOutput(t, pulse.Speaker(c.sink))
			ctx, cancel := context.WithCancel(t.Context())
			played := make(chan error)
			go func() { played <- keepPlaying(ctx, out, 1000, 8000) }()
			for heard, n := 0.0, 0; heard < 7000; n++ {
				piece, err := record(t.Context(), in, rate/20)
				check(t, err)
				if heard = amplitude(piece, 1000); n > 600 {
					t.Fatal("no tone in half a minute")
				}
			}
			var most time.Duration // of the speaker's delay: it may be 0 when it has just run dry
			wantGapless(t, 1000, 8000, func() []int16 {
				heard, err := record(t.Context(), in, c.samples)
				check(t, err)
				most = max(most, out.Delay())
				return heard
			})
			t.Logf("delay: microphone %v, speaker %v", in.Delay(), out.Delay())
			if d := in.Delay(); d < 0 || d > time.Second || most <= 0 || most > time.Second {
				t.Errorf("delay: microphone %v, speaker up to %v", d, most)
			}
			cancel()
			if err := <-played; !errors.Is(err, context.Canceled) {
				t.Errorf("play: %v", err)
			}
		})
	}
}

func TestMissing(t *testing.T) {
	pulsetest.Start(t, "cable")
	_, err := pulse.Microphone("nobody")(t.Context())
	wantFault(t, "microphone", err, media.DeviceMissing)
	if err == nil || !strings.Contains(err.Error(), "cable.monitor") {
		t.Error("it does not say what there is")
	}
	_, err = pulse.Speaker("cable.monitor")(t.Context())
	wantFault(t, "speaker", err, media.DeviceMissing)
	_, err = pulse.Speaker("")(canceled())
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func canceled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// TestNoServer: it says what to start, and where it looked.
func TestNoServer(t *testing.T) {
	path := t.TempDir() + "/native"
	t.Setenv("PULSE_SERVER", "unix:"+path)
	_, err := pulse.Microphone("")(t.Context())
	wantFault(t, "no socket", err, media.DeviceMissing)
	if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "pipewire-pulse") {
		t.Error("it does not help")
	}
	if _, err = pulse.List(t.Context()); err == nil {
		t.Error("a list of nothing")
	}
}

// TestDenied: a server that wants a cookie gets a wrong one.
func TestDenied(t *testing.T) {
	s := pulsetest.Start(t)
	wrong := t.TempDir() + "/cookie"
	if err := os.WriteFile(wrong, make([]byte, 256), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0") // a port that is free
	check(t, err)
	address := l.Addr().String()
	_, port, _ := net.SplitHostPort(address)
	check(t, l.Close())
	s.Load("module-native-protocol-tcp", "listen=127.0.0.1", "port="+port)
	t.Setenv("PULSE_COOKIE", wrong)
	t.Setenv("PULSE_SERVER", "tcp:"+address)
	_, err = pulse.Speaker("")(t.Context())
	wantFault(t, "a wrong cookie", err, media.DeviceDenied)
}

// TestKnown: a server knows who started it, without a cookie.
func TestKnown(t *testing.T) {
	s := pulsetest.Start(t, "cable")
	socket := s.Address + "2"
	s.Load("module-native-protocol-unix", "socket="+strings.TrimPrefix(socket, "unix:"), "auth-cookie-enabled=0")
	plugIn(s, "cable")
	t.Setenv("PULSE_SERVER", socket)
	openInput(t, pulse.Microphone(""))
}

// TestPulled: the device is taken away, and comes back.
func TestPulled(t *testing.T) {
	s := pulsetest.Start(t, "other", "cable")
	s.Load("module-rescue-streams") // would move us to the other one
	in, out := openInput(t, pulse.Microphone("cable.monitor")), openOutput(t, pulse.Speaker("cable"))
	played := make(chan error, 1)
	go func() { played <- keepPlaying(t.Context(), out, 1000, 8000) }()
	if _, err := record(t.Context(), in, rate/5); err != nil {
		t.Fatal(err)
	}
	pulled := time.Now()
	s.RemoveSink("cable")
	_, err := record(t.Context(), in, 60*rate)
	wantFault(t, "microphone", err, media.DeviceGone)
	wantFault(t, "speaker", <-played, media.DeviceGone)
	limit := 10 * time.Second
	if reserved() {
		limit = time.Second
	}
	if d := time.Since(pulled); d > limit {
		t.Errorf("it took %v", d)
	} else {
		t.Logf("both knew after %v, pactl's time included", d)
	}
	_, err = pulse.Microphone("cable.monitor")(t.Context())
	wantFault(t, "while it is away", err, media.DeviceMissing)
	s.AddSink("cable")
	passes(t, openInput(t, pulse.Microphone("cable.monitor")), openOutput(t, pulse.Speaker("cable")))
}

// passes checks that sound gets through.
func passes(t *testing.T, in pcm.Input, out pcm.Output) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	played := make(chan error)
	go func() { played <- keepPlaying(ctx, out, 440, 8000) }()
	best := 0.0
	for i := 0; best < 7000 && i < 600; i++ {
		heard, err := record(t.Context(), in, rate/20)
		if err != nil {
			t.Error(err)
			break
		}
		best = max(best, amplitude(heard, 440))
	}
	cancel()
	<-played
	if best < 7000 {
		t.Errorf("amplitude %.0f of 8000", best)
	}
}

// TestDefaultIsNoMonitor: where no microphone is plugged in the server's default is what the speaker plays, and when the only
// one is pulled the server moves who recorded it there. The mutation that makes it fail: landed without noMonitor.
func TestDefaultIsNoMonitor(t *testing.T) {
	s := pulsetest.Start(t, "speaker", "cable")
	s.Load("module-rescue-streams")
	open := pulse.Microphone("")
	_, err := open(t.Context())
	wantFault(t, "no microphone yet", err, media.DeviceMissing)
	jack := plugIn(s, "cable")
	in := openInput(t, open)
	if _, err := record(t.Context(), in, rate/10); err != nil {
		t.Fatal(err)
	}
	s.Unload(jack)
	_, err = record(t.Context(), in, 10*rate)
	wantFault(t, "the microphone was pulled", err, media.DeviceGone)
	for _, open := range []func(context.Context) (pcm.Input, error){open, pulse.Microphone("")} { // a call has its own
		_, err = open(t.Context())
		wantFault(t, "and is away", err, media.DeviceMissing)
	}
	openInput(t, pulse.Microphone("speaker.monitor"))
	plugIn(s, "cable")
	openInput(t, open)
}

// TestDefaultMoves: who asked for the default hears on from another device.
func TestDefaultMoves(t *testing.T) {
	s := pulsetest.Start(t, "cable", "other")
	s.Load("module-rescue-streams")
	plugIn(s, "other")
	jack := plugIn(s, "cable")
	in, out := openInput(t, pulse.Microphone("")), openOutput(t, pulse.Speaker(""))
	passes(t, in, out)
	s.Unload(jack)
	s.RemoveSink("cable")
	passes(t, in, out)
	s.RemoveSink("other") // the server now makes up a sink, or none is left
}

// TestSuspended: another program has the hardware.
func TestSuspended(t *testing.T) {
	s := pulsetest.Start(t, "cable")
	in, out := openInput(t, pulse.Microphone("cable.monitor")), openOutput(t, pulse.Speaker("cable"))
	s.Pactl("suspend-sink", "cable", "1")
	_, err := record(t.Context(), in, 10*rate)
	wantFault(t, "microphone", err, media.DeviceBusy)
	wantFault(t, "speaker", keepPlaying(t.Context(), out, 440, 8000), media.DeviceBusy)
	_, err = pulse.Speaker("cable")(t.Context())
	wantFault(t, "to open it", err, media.DeviceBusy)
	s.Pactl("suspend-sink", "cable", "0")
	passes(t, openInput(t, pulse.Microphone("cable.monitor")), openOutput(t, pulse.Speaker("cable")))
}

// TestServerEnds, and is back.
func TestServerEnds(t *testing.T) {
	s := pulsetest.Start(t, "cable")
	plugIn(s, "cable")
	in, out := openInput(t, pulse.Microphone("")), openOutput(t, pulse.Speaker(""))
	s.Stop()
	_, err := record(t.Context(), in, 10*rate)
	wantFault(t, "microphone", err, media.DeviceGone)
	wantFault(t, "speaker", keepPlaying(t.Context(), out, 440, 8000), media.DeviceGone)
	_, err = pulse.Speaker("")(t.Context())
	wantFault(t, "to open it", err, media.DeviceMissing)
	s.Run()
	s.AddSink("cable")
	plugIn(s, "cable")
	passes(t, openInput(t, pulse.Microphone("")), openOutput(t, pulse.Speaker("")))
}

// TestServerHangs: its sockets are open, and nothing comes.
func TestServerHangs(t *testing.T) {
	s := pulsetest.Start(t, "cable")
	plugIn(s, "cable")
	in := openInput(t, pulse.Microphone(""))
	s.Freeze()
	defer s.Thaw()
	frozen := time.Now()
	_, err := record(t.Context(), in, 60*rate)
	wantFault(t, "microphone", err, media.DeviceGone)
	limit := 20 * time.Second
	if reserved() {
		limit = 6 * time.Second
	}
	if d := time.Since(frozen); d > limit {
		t.Errorf("it took %v", d)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := pulse.Microphone("")(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
}
