package pulsetest_test

import (
	"os"
	"strings"
	"testing"

	"github.com/sotto-calls/sotto/internal/pulsetest"
)

func TestServer(t *testing.T) {
	s := pulsetest.Start(t, "first", "second")
	if os.Getenv("PULSE_SERVER") != s.Address {
		t.Error("the environment does not name the server")
	}
	info := s.Pactl("info")
	if !strings.Contains(info, "Default Sink: first") || !strings.Contains(info, "Default Source: first.monitor") {
		t.Errorf("%s", info)
	}
	sinks := func() string { t.Helper(); return s.Pactl("list", "sinks") }
	if out := sinks(); !strings.Contains(out, "Description: second (null)") {
		t.Errorf("%s", out)
	}
	s.RemoveSink("second")
	if out := sinks(); strings.Contains(out, "second") {
		t.Errorf("%s", out)
	}
	s.AddSink("second")
	if !s.TryLoad("module-null-sink", "sink_name=third") || !strings.Contains(sinks(), "third") || s.TryLoad("module-nobody-has") {
		t.Error("TryLoad does not say what was loaded")
	}
	s.Stop()
	s.Run()
	if out := sinks(); out != "" {
		t.Errorf("a server that was just started has %s", out)
	}
}

// Two servers of two tests do not know of each other.
func TestApart(t *testing.T) {
	a := pulsetest.Start(t, "only-a")
	b := pulsetest.Start(t)
	if out := b.Pactl("list", "short", "sinks"); strings.Contains(out, "only-a") {
		t.Errorf("%s", out)
	}
	if out := a.Pactl("list", "short", "sinks"); !strings.Contains(out, "only-a") {
		t.Errorf("%s", out)
	}
}

func Example() {
	test := func(t *testing.T) {
		server := pulsetest.Start(t, "mic")
		// record "mic.monitor", play into "mic" …
		server.RemoveSink("mic") // the device is pulled
		server.AddSink("mic")    // and is back
	}
	_ = test
	// Output:
}
