package pulse_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/internal/pulsetest"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/pcm"
	"github.com/sotto-calls/sotto/media/pulse"
)

// TestTone: what is played comes out, at its frequency and level, without a gap.
func TestTone(t *testing.T) {
	pulsetest.Start(t, "cable", "other")
	for _, c := range []struct{ name, sink, source string }{
		{"default", "", ""},
		{"ID", "other", "other.monitor"},
		{"description", "other (null)", "Monitor of other (null)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in, out := openInput(t, pulse.Microphone(c.source)), openOutput(t, pulse.Speaker(c.sink))
			ctx, cancel := context.WithCancel(t.Context())
			played := make(chan error)
			go func() { played <- keepPlaying(ctx, out, 1000, 8000) }()
			heard, err := record(t.Context(), in, 5*rate/2)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("delay: microphone %v, speaker %v", in.Delay(), out.Delay())
			for what, d := range map[string]time.Duration{"microphone": in.Delay(), "speaker": out.Delay()} {
				if d < 0 || d > 200*time.Millisecond {
					t.Errorf("delay of the %s: %v", what, d)
				}
			}
			if out.Delay() == 0 {
				t.Error("a speaker without delay")
			}
			cancel()
			if err := <-played; !errors.Is(err, context.Canceled) {
				t.Errorf("play: %v", err)
			}
			from := onset(heard, 100)
			t.Logf("heard after %v", time.Duration(from)*time.Second/rate)
			heard = heard[min(from+rate/10, len(heard)):]
			if len(heard) < 2*rate {
				t.Fatalf("%v of sound", time.Duration(len(heard))*time.Second/rate)
			}
			if a := amplitude(heard[:2*rate], 1000); a < 7800 || a > 8200 {
				t.Errorf("amplitude %.0f of 8000", a)
			}
			if a, at := quietest(heard, 1000); a < 7000 {
				t.Errorf("a gap at %v: %.0f of 8000", at, a)
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
	const address = "127.0.0.1:47131"
	s.Load("module-native-protocol-tcp", "listen=127.0.0.1", "port=47131")
	t.Setenv("PULSE_COOKIE", wrong)
	t.Setenv("PULSE_SERVER", "tcp:"+address)
	_, err := pulse.Speaker("")(t.Context())
	wantFault(t, "a wrong cookie", err, media.DeviceDenied)
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
	_, err := record(t.Context(), in, 10*rate)
	wantFault(t, "microphone", err, media.DeviceGone)
	wantFault(t, "speaker", <-played, media.DeviceGone)
	if d := time.Since(pulled); d > time.Second {
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
	heard, err := record(t.Context(), in, rate/2)
	if err != nil {
		t.Error(err)
	}
	cancel()
	<-played
	if a := amplitude(heard[len(heard)*3/4:], 440); a < 7000 {
		t.Errorf("amplitude %.0f of 8000", a)
	}
}

// TestDefaultMoves: who asked for the default hears on from another device.
func TestDefaultMoves(t *testing.T) {
	s := pulsetest.Start(t, "cable", "other")
	s.Load("module-rescue-streams")
	in, out := openInput(t, pulse.Microphone("")), openOutput(t, pulse.Speaker(""))
	passes(t, in, out)
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
	in, out := openInput(t, pulse.Microphone("")), openOutput(t, pulse.Speaker(""))
	s.Stop()
	_, err := record(t.Context(), in, 10*rate)
	wantFault(t, "microphone", err, media.DeviceGone)
	wantFault(t, "speaker", keepPlaying(t.Context(), out, 440, 8000), media.DeviceGone)
	_, err = pulse.Speaker("")(t.Context())
	wantFault(t, "to open it", err, media.DeviceMissing)
	s.Run()
	s.AddSink("cable")
	passes(t, openInput(t, pulse.Microphone("")), openOutput(t, pulse.Speaker("")))
}

// TestServerHangs: its sockets are open, and nothing comes.
func TestServerHangs(t *testing.T) {
	s := pulsetest.Start(t, "cable")
	in := openInput(t, pulse.Microphone(""))
	s.Freeze()
	defer s.Thaw()
	frozen := time.Now()
	_, err := record(t.Context(), in, 10*rate)
	wantFault(t, "microphone", err, media.DeviceGone)
	if d := time.Since(frozen); d > 6*time.Second {
		t.Errorf("it took %v", d)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := pulse.Microphone("")(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
}
