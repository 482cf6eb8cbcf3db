package ffmpeg

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/sotto-calls/sotto/media"
)

// A network camera with a password: its sound comes; when it hangs up an event says so and it is asked again; nothing of
// that shows the password.
func TestRTSP(t *testing.T) {
	t.Parallel()
	need(t, "ffmpeg", "ffprobe")
	c := newCamera(t, "Basic YWRtaW46aHVudGVyMjI=", nil) // admin:hunter22
	var told events
	address := c.listener.Addr().String() + "/door"
	s := mustOpen(t, RTSP("rtsp://admin:hunter22@"+address, RTSPOptions{}), Config{Notify: told.notify})
	if s.Video() != nil || s.Audio() == nil || s.Audio().Track().Label != "rtsp://"+c.listener.Addr().String() {
		t.Fatalf("%+v", s.Sources())
	}
	monotone(t, mustRead(t, s.Audio(), 30))
	c.hangUp()
	eventually(t, "two events", func() bool { return len(told.list()) == 2 })
	monotone(t, mustRead(t, s.Audio(), 10))
	if l := told.list(); l[0].Up || !l[1].Up || strings.Contains(fmt.Sprint(l), "hunter22") {
		t.Errorf("%+v", l)
	}
	_, err := Open(t.Context(), RTSP("rtsp://admin:hunter23@"+address, RTSPOptions{}), Config{NoVideo: true})
	if e, ok := errors.AsType[*media.DeviceError](err); !ok || e.Fault != media.DeviceDenied || strings.Contains(err.Error(), "hunter23") {
		t.Error(err)
	}
	_ = c.listener.Close()
	_, err = Open(t.Context(), RTSP("rtsp://admin:hunter22@"+address, RTSPOptions{}), Config{NoVideo: true})
	if err == nil || strings.Contains(err.Error(), "hunter22") {
		t.Error(err)
	}
	t.Log(err)
}

// A network camera's pictures come with its sound, inside the connection or in UDP packets, and show what it sees.
func TestRTSPPictures(t *testing.T) {
	for name, udp := range map[string]bool{"TCP": false, "UDP": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			need(t, "ffmpeg", "ffprobe")
			c := newCamera(t, "", newFilm(t))
			s := mustOpen(t, RTSP("rtsp://"+c.listener.Addr().String()+"/door", RTSPOptions{UDP: udp}), Config{})
			if s.Video() == nil || s.Audio() == nil {
				t.Fatalf("%+v", s.Sources())
			}
			if i := s.Video().Track(); i.Codec != media.VP8 || i.Width != 320 || i.Height != 240 {
				t.Errorf("%+v", i)
			}
			frames := mustRead(t, s.Video(), 30)
			monotone(t, frames)
			for _, p := range decode(t, frames, 320, 240) {
				wantColour(t, p, 40, 120, red)
			}
			monotone(t, mustRead(t, s.Audio(), 20))
			c.mu.Lock()
			defer c.mu.Unlock()
			if udp != (c.udp > 0) {
				t.Errorf("%d tracks in UDP packets", c.udp)
			}
		})
	}
}
