package media

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/internal/sim"
)

// comings lists what was told of a track of the peer: true for each TrackAdded, false for each TrackEnded.
func (s *side) comings(mid string) (out []bool) {
	for _, e := range s.seen() {
		if a, ok := e.(TrackAdded); ok && a.Track.MID == mid {
			out = append(out, true)
		}
		if a, ok := e.(TrackEnded); ok && a.Track.MID == mid {
			out = append(out, false)
		}
	}
	return out
}

// TestTracksComeAndGo: the owner is told when the peer ends a track and when it sends there again, whoever describes it; not
// when either side holds. The mutation that makes it fail: settle without held.
func TestTracksComeAndGo(t *testing.T) {
	for _, who := range []string{"caller", "callee"} { // sends
		synctest.Test(t, func(t *testing.T) {
			_, p := simPair(t, sim.Link{OneWay: 5 * time.Millisecond})
			p.dial(t, []Source{newSource(Audio, 1<<20, 100)}, []Source{newSource(Audio, 1<<20, 100)}, both, both)
			p.connected(t)
			from, to := p.sides()[who][0], p.sides()[who][1]
			var want []bool
			mid := ""
			for _, by := range [][2]*side{{from, to}, {to, from}} {
				video := newSource(Video, 60, 100)
				info, err := from.conn.AddTrack(video)
				check(t, err)
				mid = info.MID
				before := len(to.sinkOf(mid).all())
				describe(t, from, to, false, all)
				time.Sleep(3 * time.Second)
				if n := len(to.sinkOf(mid).all()) - before; n != video.count {
					t.Errorf("%d frames", n)
				}
				for _, holds := range [][2]*side{{from, to}, {to, from}} {
					for _, on := range []bool{true, false} {
						check(t, holds[0].conn.Hold(on))
						describe(t, holds[0], holds[1], false, nil)
						describe(t, holds[1], holds[0], false, nil)
					}
				}
				if want = append(want, true); !slices.Equal(to.comings(mid), want) {
					t.Errorf("told %v, want %v", to.comings(mid), want)
				}
				check(t, taken(from.conn.RemoveTrack(info.Ctx)))
				describe(t, by[0], by[1], false, nil)
				if want = append(want, false); !slices.Equal(to.comings(mid), want) {
					t.Errorf("told %v, want %v", to.comings(mid), want)
				}
			}
		})
	}
}

// TestTakenWhileDescribed: an answer to what did not ask for a track yet does not end it. The mutation that makes it fail: settle without
// asked.
func TestTakenWhileDescribed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p := simPair(t, sim.Link{OneWay: 5 * time.Millisecond})
		p.dial(t, []Source{newSource(Audio, 1<<20, 100)}, nil, both, both)
		p.connected(t)
		info, err := p.a.conn.AddTrack(newSource(Audio, 50, 100))
		check(t, err)
		describe(t, p.a, p.b, false, none)
		offer, err := p.b.conn.Describe(false)
		check(t, err)
		if !p.b.conn.Take(info.MID) || p.b.conn.Take(info.MID) {
			t.Error("not taken")
		}
		answer, err := p.a.conn.Apply(offer, p.b.cert.Fingerprint(), nil)
		check(t, err)
		check(t, p.b.conn.Described(answer, p.a.cert.Fingerprint()))
		describe(t, p.b, p.a, false, nil)
		time.Sleep(2 * time.Second)
		if told, n := p.b.comings(info.MID), len(p.b.sinkOf(info.MID).all()); !slices.Equal(told, []bool{true}) || n != 50 {
			t.Errorf("told %v, %d frames", told, n)
		}
	})
}
