package media

import (
	"bytes"
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/internal/sim"
)

// wantFrames checks that a sink got exactly the frames of a source, in order, byte for byte.
func wantFrames(t *testing.T, what string, sink *memorySink, src *scriptSource) {
	t.Helper()
	wantFramesFrom(t, what, sink, src, 0)
}

// wantFramesFrom is the same for a source that started that much after the first.
func wantFramesFrom(t *testing.T, what string, sink *memorySink, src *scriptSource, start time.Duration) {
	t.Helper()
	got := sink.all()
	if len(got) != src.count {
		t.Errorf("%s: %d frames arrived of %d", what, len(got), src.count)
	}
	for i, f := range got {
		if i >= src.count || !bytes.Equal(f.Data, frameData(src.kind, i, src.size)) {
			t.Fatalf("%s: frame %d is not the one that was sent", what, i)
		}
		if want := start + time.Duration(i)*src.step; f.Time < want-time.Millisecond || f.Time > want+time.Millisecond {
			t.Fatalf("%s: frame %d at %v, want %v", what, i, f.Time, want)
		}
		if f.Missing != 0 {
			t.Fatalf("%s: frame %d says %d are missing", what, i, f.Missing)
		}
		if want := src.kind == Audio || i == 0; f.Key != want {
			t.Fatalf("%s: frame %d key %v", what, i, f.Key)
		}
	}
}

func simPair(t *testing.T, link sim.Link) (*sim.World, *pair) {
	w := sim.NewWorld(t, link)
	p := newPair(t, Settings{Net: w.Host("1.2.3.4")}, Settings{Net: w.Host("1.2.3.5")})
	p.oneWay, p.net = link.OneWay, w
	return w, p
}

// TestCallBothWays: on a lossless path every frame of every source comes out, byte for byte, in order, at its time.
func TestCallBothWays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p := simPair(t, sim.Link{OneWay: 50 * time.Millisecond})
		sources := []*scriptSource{
			newSource(Audio, 500, 100), newSource(Video, 300, 4000), newSource(Audio, 400, 100), newSource(Video, 200, 9000),
		}
		p.dial(t, []Source{sources[0], sources[1]}, []Source{sources[2], sources[3]}, both, both)
		p.connected(t)
		for _, s := range []*side{p.a, p.b} {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			if err := s.conn.Drain(ctx); err != nil {
				t.Errorf("drain: %v", err)
			}
			cancel()
		}
		p.close()
		w.Close()
		wantFrames(t, "a's audio", p.b.sinkOf("0"), sources[0])
		wantFrames(t, "a's video", p.b.sinkOf("1"), sources[1])
		wantFrames(t, "b's audio", p.a.sinkOf("0"), sources[2])
		wantFrames(t, "b's video", p.a.sinkOf("1"), sources[3])
		for _, s := range sources {
			if !s.closedNow() {
				t.Error("a source was not closed")
			}
		}
	})
}
