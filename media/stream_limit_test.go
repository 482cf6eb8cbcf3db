package media

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/internal/sim"
)

// TestInventedStreams: RTP of streams that no description names reaches nobody and makes no section; a flood of them ends
// the connection instead of filling the memory. The mutation that makes it fail: leave out BufferFactory, or the unused
// ssrc in below.
func TestInventedStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p := simPair(t, sim.Link{OneWay: time.Millisecond})
		audio := newSource(Audio, 1<<20, 100)
		p.dial(t, []Source{audio}, nil, both, both)
		p.connected(t)
		time.Sleep(time.Second)
		track := p.a.conn.sections[0].track
		invent := func(from, to uint32) {
			for ssrc := from; ssrc < to; ssrc++ {
				track.mu.Lock()
				h := track.header
				h.SSRC = ssrc
				if _, err := track.writer.WriteRTP(&h, []byte("not described")); err != nil {
					t.Error(err)
				}
				track.mu.Unlock()
			}
		}
		invent(1000, 1050)
		time.Sleep(time.Second)
		if n := len(p.b.conn.pc.GetTransceivers()); n != 2 || p.b.conn.State() != ConnConnected {
			t.Errorf("%d sections, state %v", n, p.b.conn.State())
		}
		got := len(p.b.sinkOf("0").all())
		if got < 90 || len(p.b.sinks) != 1 {
			t.Errorf("%d frames, %d sinks", got, len(p.b.sinks))
		}
		invent(2000, 4000)
		time.Sleep(time.Second)
		if !slices.ContainsFunc(p.b.seen(), func(e Event) bool {
			s, ok := e.(StateChanged)
			return ok && s.State == ConnFailed && errors.Is(s.Err, ErrDescription)
		}) {
			t.Errorf("state %v", p.b.conn.State())
		}
	})
}
