//go:build cgo

package device

import (
	"context"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/internal/pulsetest"
	"github.com/sotto-calls/sotto/media"
)

// plugIn adds a microphone called Jabra, beside a sink whose monitor is called almost so.
func plugIn(server *pulsetest.Server) (module string) {
	return server.Load("module-virtual-source", "source_name=jabra", "master=quiet.monitor",
		"source_properties=device.description=Jabra")
}

// refused checks that a microphone cannot be opened.
func refused(t *testing.T, what, want string) {
	t.Helper()
	in, err := Microphone(want)(t.Context())
	if err == nil {
		_ = in.Close()
	}
	if faultOf(err) != media.DeviceMissing {
		t.Errorf("%s: %v", what, err)
	}
}

// A microphone that was named and is pulled is gone: the monitor of a speaker of that name is not opened in its place, by
// the same function or a new one, and the microphone is once it is back. It fails if find takes monitors by part of their
// name.
func TestMicrophoneGivesNoMonitor(t *testing.T) {
	server := pulsetest.Start(t, "quiet")
	server.Load("module-null-sink", "sink_name=speaker", "sink_properties=device.description=Jabra")
	module := plugIn(server)
	open := Microphone("Jabra")
	for range 2 {
		in, err := open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		hear(t, in, 480)
		_ = in.Close()
		server.Unload(module)
		if in, err := open(t.Context()); faultOf(err) != media.DeviceMissing {
			t.Errorf("gone, and opened: %v %v", in, err)
		}
		refused(t, "by name", "Jabra")
		refused(t, "by part of the name", "jab")
		module = plugIn(server)
	}
}

// What was found once is opened by its id from then on, whatever else its name fits. It fails if soundChoice.find forgets
// the id.
func TestSoundChoiceKeepsTheDevice(t *testing.T) {
	headset := Info{ID: "usb-1", Name: "Headset", Kind: KindMicrophone}
	second := Info{ID: "usb-2", Name: "Headset", Kind: KindMicrophone}
	monitor := Info{ID: "usb-1.monitor", Name: "usb-1", Kind: KindMicrophone}
	for _, want := range []string{"Headset", "head", "usb-1"} {
		var choice soundChoice
		if _, err := choice.find(nil, KindMicrophone, want); err == nil {
			t.Error("found where nothing is")
		}
		for _, c := range []struct {
			all []Info
			id  string
		}{{[]Info{headset, second}, headset.ID}, {[]Info{monitor, second}, ""}, {[]Info{second, headset}, headset.ID}} {
			if got, err := choice.find(c.all, KindMicrophone, want); got.ID != c.id || (err == nil) != (c.id != "") {
				t.Errorf("%q among %v: %v %v", want, c.all, got, err)
			}
		}
	}
	var choice soundChoice
	for _, d := range []Info{headset, second} { // the default may be another each time
		d.Default = true
		if got, err := choice.find([]Info{d}, KindMicrophone, ""); got != d {
			t.Error(got, err)
		}
	}
}

// The default is no monitor either: not when there is no microphone, and not when PulseAudio would move the open stream to
// one because the last microphone was pulled. It fails if findDefault takes monitors, or if start leaves the default
// microphone to PulseAudio.
func TestDefaultMicrophoneGivesNoMonitor(t *testing.T) {
	server := pulsetest.Start(t, "quiet")
	refused(t, "the default", "")
	module := plugIn(server)
	in, err := Microphone("")(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	hear(t, in, 4800)
	server.Unload(module)
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	for err = nil; err == nil; {
		_, err = in.Read(ctx, make([]int16, 480))
	}
	if faultOf(err) != media.DeviceGone {
		t.Error(err)
	}
}
