package pulse_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/internal/pulsetest"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/pcm"
	"github.com/sotto-calls/sotto/media/pulse"
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

// TestMuteLetsTheDeviceGo: the server has no recording stream of a microphone that is muted, or not yet read, or closed; and
// one, which hears the room, in between.
func TestMuteLetsTheDeviceGo(t *testing.T) {
	server := pulsetest.Start(t, "mouth")
	server.Play("mouth", rate, &hum{hz: 1000, amplitude: 8000})
	m, err := pcm.NewMicrophone(pcm.MicrophoneConfig{Open: pulse.Microphone("mouth.monitor"), Codec: media.PCMU})
	check(t, err)
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
	check(t, m.Close())
	wantRecorders(t, server, 0)
}
