package media

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/internal/sim"
)

// TestSoundThatFitsNoPacket: an audio frame that no packet can hold is counted as failed, not lost in silence; a smaller
// one arrives. The mutation that makes it fail: leave maxSound out of sender.frame.
func TestSoundThatFitsNoPacket(t *testing.T) {
	for _, tt := range []struct {
		size         int
		sent, failed uint64
	}{{800, 50, 0}, {2800, 0, 50}} {
		synctest.Test(t, func(t *testing.T) {
			_, p := simPair(t, sim.Link{OneWay: time.Millisecond})
			p.dial(t, []Source{newSource(Audio, 50, tt.size)}, nil, both, both)
			p.connected(t)
			time.Sleep(3 * time.Second)
			s := p.a.conn.Stats().Sent[0]
			if s.Frames != tt.sent || s.Failed[FailOther] != tt.failed {
				t.Errorf("%d bytes: %d sent, %v failed", tt.size, s.Frames, s.Failed)
			}
			if got := uint64(len(p.b.sinkOf("0").all())); got != tt.sent {
				t.Errorf("%d bytes: %d arrived", tt.size, got)
			}
		})
	}
}
