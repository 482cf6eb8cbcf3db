package media

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/rtp"
)

// A recorder of when packets leave.
type departures []time.Time

func (d *departures) WriteRTP(*rtp.Header, []byte) (int, error) {
	*d = append(*d, time.Now())
	return 0, nil
}

func (d *departures) Write([]byte) (int, error) { return 0, nil }

// A large key frame leaves in small bursts: a receiver's socket holds fewer packets than it has. A small picture does not
// wait.
func TestLargePicturesLeaveInBursts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out departures
		track := newLocalTrack(Video, "v", 1, 0)
		track.writer = &out
		start := time.Now()
		if err := track.send(make([]byte, burst*(maxPayload-vp8DescriptorSize)), 0, false); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took != 0 || len(out) != burst {
			t.Errorf("a picture of %d packets took %v", len(out), took)
		}
		out = nil
		if err := track.send(make([]byte, 300_000), 3000, false); err != nil {
			t.Fatal(err)
		}
		at := make(map[time.Time]int)
		for _, when := range out {
			at[when]++
			if at[when] > burst {
				t.Fatalf("%d packets left at once", at[when])
			}
		}
		if took := time.Since(start); len(out) < 250 || took > 20*time.Millisecond {
			t.Errorf("%d packets took %v", len(out), took)
		}
	})
}
