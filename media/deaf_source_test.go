package media

import (
	"context"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/internal/sim"
)

// A deafSource does not look at the context of a Read: it returns what frames has.
type deafSource struct {
	*scriptSource
	frames chan Frame
}

func (s deafSource) Read(context.Context) (Frame, error) {
	select {
	case f := <-s.frames:
		return f, nil
	case <-s.done:
		return Frame{}, io.EOF
	}
}

// TestNothingIsSentOnceMuted: a frame that a source yields after a mute, a hold or its replacement has returned is not sent,
// also where the source does not look at ctx, and the next picture does not build on it. The mutations that make it fail:
// pump that does not look at ctx after Read; leftOut that does nothing.
func TestNothingIsSentOnceMuted(t *testing.T) {
	for name, stop := range map[string]func(*Conn, bool) error{
		"mute": func(c *Conn, on bool) error { return c.SetMuted(1, on) },
		"hold": func(c *Conn, on bool) error { return c.Hold(on) },
		"replace": func(c *Conn, on bool) error {
			if !on {
				return nil
			}
			return taken(c.ReplaceTrack(1, deafSource{newSource(Video, 0, 0), make(chan Frame)}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, p := simPair(t, sim.Link{OneWay: time.Millisecond})
				deaf := deafSource{newSource(Video, 0, 0), make(chan Frame)}
				p.dial(t, []Source{newSource(Audio, 1<<20, 100), deaf}, nil, both, both)
				p.connected(t)
				yield := func() {
					select {
					case deaf.frames <- Frame{Key: true, Data: []byte("a picture")}:
					case <-deaf.done:
					}
					time.Sleep(100 * time.Millisecond)
				}
				sent := func(want uint64) {
					t.Helper()
					if n := p.a.conn.Stats().Sent[1].Frames; n != want {
						t.Errorf("%d frames were sent, want %d", n, want)
					}
				}
				yield()
				sent(1)
				asked := deaf.forced
				check(t, stop(p.a.conn, true))
				yield()
				sent(1)
				check(t, stop(p.a.conn, false))
				if name == "replace" {
					return
				}
				if deaf.forced == asked {
					t.Error("no key frame is asked for")
				}
				yield()
				sent(2)
			})
		})
	}
}
