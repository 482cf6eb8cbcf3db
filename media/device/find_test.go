package device

import (
	"errors"
	"strings"
	"testing"

	"github.com/sotto-calls/sotto/media"
)

func TestFind(t *testing.T) {
	all := []Info{
		{ID: "alsa.usb", Name: "Headset", Kind: KindMicrophone},
		{ID: "alsa.pci", Name: "Built-in Microphone", Kind: KindMicrophone, Default: true},
		{ID: "Headset", Name: "odd", Kind: KindMicrophone},
		{ID: "video0", Name: "HD Webcam", Kind: KindCamera},
		{ID: "video2", Name: "Capture", Kind: KindCamera},
	}
	node := func(i Info) []string { return []string{"/dev/" + i.ID} }
	for _, c := range []struct {
		kind     Kind
		want, id string
	}{
		{KindMicrophone, "", "alsa.pci"}, {KindMicrophone, "alsa.usb", "alsa.usb"}, {KindMicrophone, "Headset", "Headset"},
		{KindMicrophone, "built-in", "alsa.pci"}, {KindCamera, "", "video0"}, {KindCamera, "/dev/video2", "video2"},
		{KindCamera, "webcam", "video0"}, {KindCamera, "Headset", ""}, {KindSpeaker, "", ""}, {KindCamera, "video1", ""},
	} {
		got, err := find(all, c.kind, c.want, node)
		if got.ID != c.id || (err == nil) != (c.id != "") {
			t.Errorf("%v %q: %+v %v", c.kind, c.want, got, err)
		}
		if e, ok := errors.AsType[*media.DeviceError](err); err != nil && (!ok || e.Fault != media.DeviceMissing) {
			t.Errorf("%v", err)
		}
	}
	if _, err := find(all, KindCamera, "x", nil); !strings.Contains(err.Error(), `video0 ("HD Webcam")`) {
		t.Errorf("does not say what there is: %v", err)
	}
}

// A speaker's monitor is found by its whole id or name, never by a part of it and never as the default. It fails if find
// or findDefault does without isMonitor, or if isMonitor looks at the id or at the name alone.
func TestFindSkipsMonitors(t *testing.T) {
	monitor := Info{ID: "alsa_output.jabra.monitor", Name: "Monitor of Jabra", Kind: KindMicrophone}
	renamed := Info{ID: "alsa_output.jabra.monitor", Name: "My Jabra", Kind: KindMicrophone}
	other := Info{ID: "7", Name: "Monitor of Jabra", Kind: KindMicrophone}
	mic := Info{ID: "alsa_input.jabra", Name: "Jabra", Kind: KindMicrophone}
	for _, m := range []Info{monitor, renamed, other} {
		asDefault := m
		asDefault.Default = true
		for _, c := range []struct {
			all  []Info
			want string
			id   string
		}{
			{[]Info{m, mic}, "jabra", mic.ID}, {[]Info{m}, "jabra", ""}, {[]Info{m}, m.ID, m.ID}, {[]Info{m}, m.Name, m.ID},
			{[]Info{m, mic}, "", mic.ID}, {[]Info{m}, "", ""}, {[]Info{asDefault, mic}, "", ""},
		} {
			got, err := find(c.all, KindMicrophone, c.want, nil)
			if got.ID != c.id || (err == nil) != (c.id != "") {
				t.Errorf("%q among %v: %+v %v", c.want, c.all, got, err)
			}
		}
	}
	speaker := Info{ID: "usb.monitor", Name: "Monitor of the studio", Kind: KindSpeaker, Default: true}
	for _, want := range []string{"", "studio"} {
		if got, err := find([]Info{speaker}, KindSpeaker, want, nil); got != speaker {
			t.Errorf("a speaker by %q: %v", want, err)
		}
	}
}

func TestKinds(t *testing.T) {
	for kind, want := range map[Kind]string{KindCamera: "camera", KindMicrophone: "microphone", KindScreen: "screen", KindSpeaker: "speaker", 0: "invalid"} {
		if kind.String() != want {
			t.Errorf("%d: %s", kind, kind)
		}
	}
}
