package media

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/internal/sim"
)

// oneCodecEach is a call of sound between two sides that have no video codec in common. first is the one that has VP8.
func oneCodecEach(t *testing.T) (w *sim.World, p *pair) {
	w = sim.NewWorld(t, sim.Link{OneWay: 5 * time.Millisecond})
	p = newPair(t, Settings{Net: w.Host("1.2.3.4"), VideoCodecs: []Codec{VP8}}, Settings{Net: w.Host("1.2.3.5"), VideoCodecs: []Codec{H264}})
	sound := Kinds{Audio: true}
	p.dial(t, []Source{newSource(Audio, 1<<20, 100)}, []Source{newSource(Audio, 1<<20, 100)}, sound, sound)
	p.connected(t)
	return w, p
}

// refused adds a camera that the other side cannot take, and takes it back.
func refused(t *testing.T, from, to *side) (mid string) {
	t.Helper()
	bad := newVideo(from.conn.cfg.Settings.VideoCodecs[0], 1<<20, 100)
	info, err := from.conn.AddTrack(bad)
	check(t, err)
	offer, err := from.conn.Describe(false)
	check(t, err)
	if _, err := to.conn.Apply(offer, from.cert.Fingerprint(), all); !errors.Is(err, ErrCodec) {
		t.Fatalf("a camera was taken for which there is no codec: %v", err)
	}
	gone := from.conn.Refused()
	synctest.Wait()
	if len(gone) != 1 || gone[0].StreamInfo != info || !bad.closedNow() || bad.readSoFar() > 0 {
		t.Errorf("%+v is gone; closed: %v", gone, bad.closedNow())
	}
	if slices.ContainsFunc(from.conn.Streams(), func(s StreamInfo) bool { return s.Kind == Video }) || from.conn.Untaken() {
		t.Errorf("still there: %+v", from.conn.Streams())
	}
	return info.MID
}

// flow checks that frames come in both directions.
func flow(t *testing.T, p *pair, mid string) {
	t.Helper()
	a, b := len(p.a.sinkOf(mid).all()), len(p.b.sinkOf(mid).all())
	time.Sleep(2 * time.Second)
	if a, b = len(p.a.sinkOf(mid).all())-a, len(p.b.sinkOf(mid).all())-b; a < 90 || b < 90 {
		t.Errorf("%d and %d frames in section %q", b, a, mid)
	}
}

// sides are both orders of a pair's.
func (p *pair) sides() map[string][2]*side {
	return map[string][2]*side{"caller": {p.a, p.b}, "callee": {p.b, p.a}}
}

// TestRefused: a track that the other side refused leaves nothing behind. The next descriptions, of whatever, do not name
// it, and are taken; tried again, it is refused again. The mutation that makes it fail: unused that is never true.
func TestRefused(t *testing.T) {
	for _, who := range []string{"caller", "callee"} {
		synctest.Test(t, func(t *testing.T) {
			_, p := oneCodecEach(t)
			from, to := p.sides()[who][0], p.sides()[who][1]
			stop := relayCandidates(t, p)
			defer stop()
			mid := refused(t, from, to)
			if again := refused(t, from, to); again != mid {
				t.Errorf("section %q, and then %q", mid, again)
			}
			for _, restart := range []bool{false, true} {
				offer, err := from.conn.Describe(restart)
				check(t, err)
				if strings.Contains(offer, "video") || strings.Contains(offer, mid) {
					t.Errorf("the section is still offered:\n%s", offer)
				}
				answer, err := to.conn.Apply(offer, from.cert.Fingerprint(), nil)
				check(t, err)
				check(t, from.conn.Described(answer, to.cert.Fingerprint()))
				flow(t, p, "0")
			}
			for _, side := range [][2]*side{{from, to}, {to, from}} {
				check(t, side[0].conn.Hold(true))
				describe(t, side[0], side[1], false, nil)
				check(t, side[0].conn.Hold(false))
				describe(t, side[0], side[1], false, nil)
				flow(t, p, "0")
			}
		})
	}
}

// TestSectionsAfterARefusal: the order of what comes later is the same for both, whoever adds it, and whoever starts ICE
// anew. The mutation that makes it fail: sameSections that goes by the layer's own description.
func TestSectionsAfterARefusal(t *testing.T) {
	for _, who := range []string{"caller", "callee"} {
		synctest.Test(t, func(t *testing.T) {
			_, p := oneCodecEach(t)
			from, to := p.sides()[who][0], p.sides()[who][1]
			stop := relayCandidates(t, p)
			defer stop()
			refused(t, from, to)
			for _, side := range [][2]*side{{from, to}, {to, from}} {
				info, err := side[0].conn.AddTrack(newSource(Audio, 1<<20, 100))
				check(t, err)
				describe(t, side[0], side[1], false, all)
				time.Sleep(2 * time.Second)
				if n := len(side[1].sinkOf(info.MID).all()); n < 90 {
					t.Errorf("%d frames of the sound that was added", n)
				}
				refused(t, to, from)
			}
			for _, side := range [][2]*side{{from, to}, {to, from}} {
				describe(t, side[0], side[1], true, nil)
				flow(t, p, "0")
			}
		})
	}
}

// TestRefusedAndCrossed: after a refusal descriptions that cross are dealt with as ever.
func TestRefusedAndCrossed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p := oneCodecEach(t)
		refused(t, p.b, p.a)
		refused(t, p.a, p.b)
		infoA, err := p.a.conn.AddTrack(newSource(Audio, 1<<20, 100))
		check(t, err)
		infoB, err := p.b.conn.AddTrack(newSource(Audio, 1<<20, 100))
		check(t, err)
		offerA, err := p.a.conn.Describe(false)
		check(t, err)
		offerB, err := p.b.conn.Describe(false)
		check(t, err)
		if _, err := p.a.conn.Apply(offerB, p.b.cert.Fingerprint(), all); !errors.Is(err, ErrGlare) {
			t.Fatal(err)
		}
		answer, err := p.b.conn.Apply(offerA, p.a.cert.Fingerprint(), all)
		check(t, err)
		check(t, p.a.conn.Described(answer, p.b.cert.Fingerprint()))
		describe(t, p.b, p.a, false, all)
		time.Sleep(2 * time.Second)
		if a, b := len(p.b.sinkOf(infoA.MID).all()), len(p.a.sinkOf(infoB.MID).all()); a < 90 || b < 90 {
			t.Errorf("%d and %d frames of what was added", a, b)
		}
		flow(t, p, "0")
	})
}

// TestTooMuchToDescribe: tracks that make an offer too long are taken back with it, and the connection can still be
// described. The mutation that makes it fail: readOurs with the bounds of parseDescription.
func TestTooMuchToDescribe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p := simPair(t, sim.Link{OneWay: 5 * time.Millisecond})
		p.dial(t, []Source{newSource(Audio, 1<<20, 100)}, []Source{newSource(Audio, 1<<20, 100)}, both, both)
		p.connected(t)
		added := 0
		for ; ; added++ {
			if _, err := p.a.conn.AddTrack(newSource(Video, 1, 1)); err != nil {
				break
			}
		}
		if offer, err := p.a.conn.Describe(true); !errors.Is(err, ErrDescription) {
			t.Fatalf("%d tracks make %d bytes: %v", added, len(offer), err)
		}
		if gone := p.a.conn.Refused(); len(gone) != added {
			t.Errorf("%d tracks of %d are gone", len(gone), added)
		}
		stop := relayCandidates(t, p)
		defer stop()
		describe(t, p.a, p.b, true, nil)
		flow(t, p, "0")
		_, err := p.a.conn.AddTrack(newSource(Video, 1<<20, 100))
		check(t, err)
		describe(t, p.a, p.b, false, all)
		describe(t, p.b, p.a, true, nil)
		flow(t, p, "0")
	})
}

// TestPayloadTypesAfterARefusal: a section that was refused is bound below with payload types of our own at the next answer.
// When the peer's have been decided meanwhile, it goes by these. The mutation that makes it fail: settle without rebind.
func TestPayloadTypesAfterARefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p := simPair(t, sim.Link{OneWay: 5 * time.Millisecond})
		sound := Kinds{Audio: true}
		p.dial(t, []Source{newSource(Audio, 1<<20, 100)}, []Source{newSource(Audio, 1<<20, 100)}, sound, sound)
		p.connected(t)
		_, err := p.b.conn.AddTrack(newSource(Video, 1, 1))
		check(t, err)
		_, err = p.b.conn.Describe(false)
		check(t, err)
		mid := p.b.conn.Refused()[0].MID
		describe(t, p.b, p.a, false, nil)
		_, err = p.a.conn.AddTrack(newSource(Video, 1, 1))
		check(t, err)
		offer, err := p.a.conn.Describe(false)
		check(t, err)
		others := strings.NewReplacer("SAVPF 96", "SAVPF 120", ":96 ", ":120 ", "apt=96", "apt=120")
		ours := strings.NewReplacer("SAVPF 120", "SAVPF 96", ":120 ", ":96 ", "apt=120", "apt=96")
		answer, err := p.b.conn.Apply(others.Replace(offer), p.a.cert.Fingerprint(), all)
		check(t, err)
		check(t, p.a.conn.Described(ours.Replace(answer), p.b.cert.Fingerprint()))
		_, err = p.b.conn.AddTrack(newSource(Video, 1<<20, 100))
		check(t, err)
		offer, err = p.b.conn.Describe(false)
		check(t, err)
		answer, err = p.a.conn.Apply(ours.Replace(offer), p.b.cert.Fingerprint(), all)
		check(t, err)
		check(t, p.b.conn.Described(others.Replace(answer), p.a.cert.Fingerprint()))
		track := p.b.conn.byMID(mid).track
		track.mu.Lock()
		defer track.mu.Unlock()
		if p.b.conn.byMID(mid).sender == nil || track.writer == nil || track.header.PayloadType != 120 {
			t.Errorf("section %q sends payload type %d", mid, track.header.PayloadType)
		}
	})
}
