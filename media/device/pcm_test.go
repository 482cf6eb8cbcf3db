//go:build cgo

package device

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/internal/pulsetest"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/pcm"
)

// wantRecorders waits until the server has so many recording streams, and says how long that took.
func wantRecorders(t *testing.T, s *pulsetest.Server, n int) time.Duration {
	t.Helper()
	begin := time.Now()
	for {
		list := s.Pactl("list", "short", "source-outputs")
		if strings.Count(list, "\n") == n {
			return time.Since(begin)
		}
		if time.Since(begin) > 10*time.Second {
			t.Fatalf("the server has other than %d recording streams:\n%s", n, list)
		}
	}
}

// hearsRoom reads frames until the microphone hears what is loud in the room.
func hearsRoom(t *testing.T, m *pcm.Microphone) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for m.Stats().Level > 20 {
		if _, err := m.Read(ctx); err != nil {
			t.Fatalf("level -%d dBov: %v", m.Stats().Level, err)
		}
	}
}

// TestMuteLetsTheMicrophoneGo: PulseAudio has no recording stream of a microphone that is muted, or not yet read, or closed;
// and one, which hears the room, in between.
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
	wantRecorders(t, server, 0)
	for range 3 {
		hearsRoom(t, m)
		wantRecorders(t, server, 1)
		m.SetMuted(true)
		t.Logf("muted, and gone after %v", wantRecorders(t, server, 0))
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		if f, err := m.Read(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("muted, and a frame of %d bytes comes: %v", len(f.Data), err)
		}
		cancel()
		wantRecorders(t, server, 0)
		m.SetMuted(false)
	}
	hearsRoom(t, m)
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	wantRecorders(t, server, 0)
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
