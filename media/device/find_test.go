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

func TestKinds(t *testing.T) {
	for kind, want := range map[Kind]string{KindCamera: "camera", KindMicrophone: "microphone", KindScreen: "screen", KindSpeaker: "speaker", 0: "invalid"} {
		if kind.String() != want {
			t.Errorf("%d: %s", kind, kind)
		}
	}
}
