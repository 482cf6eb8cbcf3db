package pulse_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/internal/pulsetest"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/pcm"
	"github.com/sotto-calls/sotto/media/pulse"
)

func TestList(t *testing.T) {
	s := pulsetest.Start(t, "first", "second")
	s.Load("module-null-source", "source_name=quiet", "description=Quiet")
	got, err := pulse.List(t.Context())
	check(t, err)
	want := []pulse.Device{
		{ID: "first.monitor", Name: "Monitor of first (null)", Kind: pulse.Monitor, Default: false},
		{ID: "second.monitor", Name: "Monitor of second (null)", Kind: pulse.Monitor},
		{ID: "quiet", Name: "Quiet", Kind: pulse.Source, Default: true}, // before all monitors
		{ID: "first", Name: "first (null)", Kind: pulse.Sink, Default: true},
		{ID: "second", Name: "second (null)", Kind: pulse.Sink},
	}
	if !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
}

func TestWatch(t *testing.T) {
	s := pulsetest.Start(t, "first")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	step := 0
	for devices, err := range pulse.Watch(ctx) {
		if errors.Is(err, context.Canceled) && step == 3 {
			return
		}
		check(t, err)
		second := slices.ContainsFunc(devices, func(d pulse.Device) bool { return d.ID == "second" })
		switch {
		case step == 0 && !second:
			s.AddSink("second")
			step++
		case step == 1 && second:
			s.RemoveSink("second")
			step++
		case step == 2 && !second:
			cancel()
			step++
		}
	}
	t.Fatalf("ended at step %d", step)
}

// TestWatchEnds: the server goes, and so does the watch.
func TestWatchEnds(t *testing.T) {
	s := pulsetest.Start(t, "first")
	n := 0
	for _, err := range pulse.Watch(t.Context()) {
		if n++; n == 1 {
			check(t, err)
			s.Stop()
			continue
		}
		wantFault(t, "watch", err, media.DeviceGone)
	}
	if n != 2 {
		t.Errorf("%d turns", n)
	}
}

// TestEchoCancelled: through the source and sink that are found the server takes out of a microphone what its speaker plays,
// and leaves what is said beside.
func TestEchoCancelled(t *testing.T) {
	s := pulsetest.Start(t, "mouth", "ear")
	_, _, err := pulse.EchoCancelled(t.Context())
	wantFault(t, "without one", err, media.DeviceMissing)
	loadCanceller(t, s)
	source, sink, err := pulse.EchoCancelled(t.Context())
	check(t, err)
	if source != "clean" || sink != "clean-ear" {
		t.Errorf("%q and %q", source, sink)
	}
	s.Load("module-loopback", "source=ear.monitor", "sink=mouth", "latency_msec=20", "adjust_time=0") // the room
	in, out := openInput(t, pulse.Microphone(source)), openOutput(t, pulse.Speaker(sink))
	wantCancelled(t, openInput(t, pulse.Microphone("mouth.monitor")), in, out)
	passes(t, in, openOutput(t, pulse.Speaker("mouth")))
}

// loadCanceller loads an echo canceller that does nothing else, or skips the test.
func loadCanceller(t *testing.T, s *pulsetest.Server) {
	t.Helper()
	const alone = `aec_args="extended_filter=1 analog_gain_control=0 digital_gain_control=0 noise_suppression=0 high_pass_filter=0"`
	if s.TryLoad("module-echo-cancel", "source_master=mouth.monitor", "sink_master=ear", "source_name=clean", "sink_name=clean-ear",
		"aec_method=webrtc", alone) {
		return
	}
	if os.Getenv("SOTTO_REQUIRE") == "1" {
		t.Fatal("SOTTO_REQUIRE=1, but this PulseAudio does not cancel echo")
	}
	t.Skip("this PulseAudio does not cancel echo")
}

// wantCancelled plays noise until what the canceller yields has been less loud by 10 dB for two seconds than what the
// microphone hears. On a machine that is not reserved the canceller may never find its time: that is said, and is no fault.
func wantCancelled(t *testing.T, raw, clean pcm.Input, out pcm.Output) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	played := make(chan error)
	go func() { played <- playNoise(ctx, out) }()
	defer func() { cancel(); <-played }()
	for heard := 0.0; heard < 500; heard = next(t, raw, rate/10) {
	}
	next(t, raw, rate) // the canceller's delay, so that both hear the echo
	next(t, clean, rate)
	best := 0.0
	for try := 0; best < 10 && try < 10; try++ {
		echo, rest := next(t, raw, 2*rate), next(t, clean, 2*rate)
		t.Logf("the echo is %.0f, and %.0f of it is left", echo, rest)
		best = max(best, 20*math.Log10(max(echo, 1)/max(rest, 1)))
	}
	switch {
	case best >= 10:
		t.Logf("%.0f dB less", best)
	case reserved():
		t.Errorf("%.0f dB less at best: the echo is not cancelled", best)
	default:
		t.Logf("TOO BUSY A MACHINE to cancel: %.0f dB less at best", best)
	}
}

// next is how loud the next n samples are.
func next(t *testing.T, in pcm.Input, n int) float64 {
	t.Helper()
	samples, err := record(t.Context(), in, n)
	check(t, err)
	return loud(samples)
}

// playNoise writes noise in syllables, as speech is, until the context ends or the output fails.
func playNoise(ctx context.Context, out pcm.Output) error {
	random, piece := rand.New(rand.NewPCG(1, 2)), make([]int16, rate/100)
	for at := 0; ; at++ {
		for i := range piece {
			piece[i] = int16(float64(random.IntN(16000)-8000) * math.Abs(math.Sin(2*math.Pi*2*float64(at)/100)))
		}
		if err := out.Write(ctx, piece); err != nil {
			return err
		}
	}
}

// loud is the root of the mean square.
func loud(samples []int16) float64 {
	sum := 0.0
	for _, x := range samples {
		sum += float64(x) * float64(x)
	}
	return math.Sqrt(sum / float64(len(samples)))
}

// TestAmbiguous: two devices of one description can be had by ID alone.
func TestAmbiguous(t *testing.T) {
	s := pulsetest.Start(t, "one")
	s.Load("module-null-sink", "sink_name=two", `sink_properties=device.description="one\ (null)"`)
	_, err := pulse.Speaker("one (null)")(t.Context())
	wantFault(t, "two of a name", err, media.DeviceMissing)
	if err == nil || !strings.Contains(err.Error(), `"one", "two"`) {
		t.Error("it does not name them")
	}
	openOutput(t, pulse.Speaker("two"))
}
