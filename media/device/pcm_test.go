//go:build cgo

package device

import (
	"context"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/internal/pulsetest"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/pcm"
)

// TestMuteLetsTheMicrophoneGo fails if SetMuted does not close the device.
func TestMuteLetsTheMicrophoneGo(t *testing.T) {
	server := pulsetest.Start(t, "room")
	out, err := Speaker("room")(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	played := make(chan error, 1)
	go func() { played <- play(t.Context(), out, 1000) }()
	defer func() { _ = out.Close(); <-played }()
	m, err := pcm.NewMicrophone(pcm.MicrophoneConfig{Open: Microphone("room.monitor"), Codec: media.PCMU})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	server.TestMute(t, m)
}

// TestMicrophoneIsTakenUpAgain: with media/pcm, a microphone that is pulled is told of, and goes on when it is back.
func TestMicrophoneIsTakenUpAgain(t *testing.T) {
	server := pulsetest.Start(t, "cable", "other")
	events := make(chan media.DeviceEvent, 100)
	mic, err := pcm.NewMicrophone(pcm.MicrophoneConfig{
		Open: Microphone("other.monitor"), Codec: media.PCMU, Notify: func(e media.DeviceEvent) { events <- e },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer mic.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	frames := make(chan media.Frame)
	go func() {
		defer close(frames)
		for {
			f, err := mic.Read(ctx)
			if err != nil {
				return
			}
			frames <- f
		}
	}()
	// await reads frames until an event comes.
	await := func(up bool) (e media.DeviceEvent, n int) {
		t.Helper()
		for {
			select {
			case e = <-events:
				if e.Up == up {
					return e, n
				}
			case _, ok := <-frames:
				if !ok {
					t.Fatal("the source ended")
				}
				n++
			}
		}
	}
	for range 10 {
		<-frames
	}
	server.RemoveSink("other")
	begin := time.Now()
	e, _ := await(false)
	if faultOf(e.Err) != media.DeviceGone {
		t.Errorf("%+v", e)
	}
	t.Logf("told after %v", time.Since(begin))
	server.AddSink("other")
	begin = time.Now()
	await(true)
	t.Logf("back after %v", time.Since(begin))
	for range 10 {
		if _, ok := <-frames; !ok {
			t.Fatal("the source ended")
		}
	}
	cancel()
	for range frames {
	}
}
