package pulse_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/internal/pulsetest"
	"github.com/sotto-calls/sotto/media"
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

// TestEchoCancelled: the server takes out of a microphone what its speaker plays.
func TestEchoCancelled(t *testing.T) {
	s := pulsetest.Start(t, "mouth", "ear")
	_, _, err := pulse.EchoCancelled(t.Context())
	wantFault(t, "without one", err, media.DeviceMissing)
	s.Load("module-echo-cancel", "source_master=mouth.monitor", "sink_master=ear", "source_name=clean", "sink_name=clean-ear", "aec_method=null")
	source, sink, err := pulse.EchoCancelled(t.Context())
	check(t, err)
	if source != "clean" || sink != "clean-ear" {
		t.Errorf("%q and %q", source, sink)
	}
	in := openInput(t, pulse.Microphone(source))
	openOutput(t, pulse.Speaker(sink))
	passes(t, in, openOutput(t, pulse.Speaker("mouth")))
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
