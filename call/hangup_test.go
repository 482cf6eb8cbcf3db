package call

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestNothingReopensOnceTheCallEnds: the other side does not confirm the Bye, and the application wishes this and that
// while the last frames and the Bye are waited for: it is told that it cannot, and not a frame leaves.
// Mutations: fallSilent without leaving; ask, or renegotiate, without ending; ending without end.
func TestNothingReopensOnceTheCallEnds(t *testing.T) {
	for _, proved := range []bool{true, false} {
		onStage(t, func(t *testing.T, s *stage) {
			v := s.person("v")
			p := s.peer(v)
			c := p.meets(s.victim(v), caller, false)
			if proved {
				p.ack(true)
				next[Connected](t, c)
			}
			time.Sleep(2 * time.Second)
			if p.snoop.frames.Load() == 0 {
				t.Fatal("nothing was to be heard")
			}
			stream := c.Streams()[0].Ctx
			wishes := map[string]func(context.Context) error{
				"unmute":  func(ctx context.Context) error { return c.SetMuted(ctx, stream, false) },
				"go on":   func(ctx context.Context) error { return c.Hold(ctx, false) },
				"replace": func(ctx context.Context) error { return c.ReplaceTrack(ctx, stream, &lens{}) },
				"add":     func(ctx context.Context) error { _, err := c.AddTrack(ctx, &lens{}); return err },
			}
			wish := func(name string) error {
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
				defer cancel()
				return wishes[name](ctx)
			}
			start := time.Now()
			go c.Hangup(context.Background(), Left)
			synctest.Wait()
			for name := range wishes {
				if err := wish(name); !errors.Is(err, ErrState) {
					t.Errorf("proved %v: %s: %v", proved, name, err)
				}
			}
			time.Sleep(50 * time.Millisecond) // what is under way arrives
			before := p.snoop.frames.Load()
			for c.Err() == nil {
				for name := range wishes {
					if err := wish(name); err == nil {
						t.Errorf("proved %v: %s after %v", proved, name, time.Since(start))
					}
				}
				time.Sleep(20 * time.Millisecond)
			}
			if took := time.Since(start); took < echoTime {
				t.Errorf("proved %v: the end took %v: nothing was waited for", proved, took)
			}
			if n := p.snoop.frames.Load() - before; n > 0 {
				t.Errorf("proved %v: %d frames after the end", proved, n)
			}
		})
	}
}
