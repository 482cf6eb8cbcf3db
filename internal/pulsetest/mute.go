package pulsetest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/media/pcm"
)

// WantRecorders waits until the server has so many recording streams, 10 s at most, and gives how long that took.
func (s *Server) WantRecorders(n int) time.Duration {
	s.t.Helper()
	begin := time.Now()
	for {
		list := s.Pactl("list", "short", "source-outputs")
		if strings.Count(list, "\n") == n {
			return time.Since(begin)
		}
		if time.Since(begin) > 10*time.Second {
			s.t.Fatalf("the server has other than %d recording streams:\n%s", n, list)
		}
	}
}

// TestMute asserts that the server has no recording stream of a microphone that is muted, or not yet read, or closed; and
// one, which hears what is loud in its room, in between.
func (s *Server) TestMute(t *testing.T, m *pcm.Microphone) {
	t.Helper()
	s.WantRecorders(0)
	for range 3 {
		hearsRoom(t, m)
		s.WantRecorders(1)
		m.SetMuted(true)
		t.Logf("muted, and gone after %v", s.WantRecorders(0))
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		if f, err := m.Read(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("muted, and a frame of %d bytes comes: %v", len(f.Data), err)
		}
		cancel()
		s.WantRecorders(0)
		m.SetMuted(false)
	}
	hearsRoom(t, m)
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	s.WantRecorders(0)
}

// hearsRoom reads frames until the microphone hears what is loud.
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
