package media

import (
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/internal/sim"
)

// describe carries a description of from to to and the answer back.
func describe(t *testing.T, from, to *side, restart bool, accept func(TrackInfo) bool) {
	t.Helper()
	offer, err := from.conn.Describe(restart)
	check(t, err)
	answer, err := to.conn.Apply(offer, from.cert.Fingerprint(), accept)
	check(t, err)
	check(t, from.conn.Described(answer, to.cert.Fingerprint()))
}

func all(TrackInfo) bool  { return true }
func none(TrackInfo) bool { return false }

// relayCandidates passes on what both sides find from now on, until stop is called.
func relayCandidates(t *testing.T, p *pair) (stop func()) {
	done := make(chan struct{})
	for _, dir := range [][2]*side{{p.a, p.b}, {p.b, p.a}} {
		from, to := dir[0], dir[1]
		next := len(from.seen())
		go func() {
			for {
				changed := from.wake.wait()
				for seen := from.seen(); next < len(seen); next++ {
					if c, ok := seen[next].(CandidateFound); ok {
						if err := to.conn.AddCandidate(c.Candidate); err != nil && !errors.Is(err, ErrClosed) {
							t.Errorf("candidate: %v", err)
						}
					}
				}
				select {
				case <-changed:
				case <-done:
					return
				}
			}
		}()
	}
	return func() { close(done) }
}

// TestRoamingAndRestart: the callee's address goes silent; it has another one. After an ICE restart the frames flow again,
// in both directions, and the DTLS connection is the same.
func TestRoamingAndRestart(t *testing.T) {
	for _, name := range []string{"caller restarts", "callee restarts"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { roam(t, name == "caller restarts") })
		})
	}
}

func roam(t *testing.T, callerRestarts bool) {
	w := sim.NewWorld(t, sim.Link{OneWay: 25 * time.Millisecond})
	p := newPair(t, Settings{Net: w.Host("1.2.3.4")}, Settings{Net: w.Host("1.2.3.5", "1.2.3.6")})
	p.oneWay = 25 * time.Millisecond
	a, b := newSource(Audio, 1500, 100), newSource(Audio, 1500, 100)
	p.dial(t, []Source{a}, []Source{b}, both, both)
	p.connected(t)
	time.Sleep(3 * time.Second)
	var second atomic.Bool // the second address is in use
	w.Tap(func(pk sim.Packet) {
		if len(pk.Data) > 100 && strings.HasPrefix(pk.To, "1.2.3.6") {
			second.Store(true)
		}
	})
	time.Sleep(time.Second)
	if second.Load() {
		w.Cut("1.2.3.6")
	} else {
		w.Cut("1.2.3.5")
	}
	cut := time.Now()
	p.a.await("a disconnected", isState(ConnDisconnected))
	t.Logf("noticed after %v", time.Since(cut))
	stop := relayCandidates(t, p)
	if callerRestarts {
		describe(t, p.a, p.b, true, nil)
	} else {
		describe(t, p.b, p.a, true, nil)
	}
	before := len(p.b.sinkOf("0").all())
	beforeA := len(p.a.sinkOf("0").all())
	for len(p.b.sinkOf("0").all()) == before || len(p.a.sinkOf("0").all()) == beforeA {
		time.Sleep(10 * time.Millisecond)
		if time.Since(cut) > 20*time.Second {
			t.Fatal("never came back")
		}
	}
	back := time.Since(cut)
	t.Logf("frames flow again after %v", back)
	if back > 2500*time.Millisecond {
		t.Errorf("back after %v", back)
	}
	time.Sleep(30 * time.Second)
	stop()
	p.close()
	w.Close()
	arrived(t, "a's audio", p.b.sinkOf("0"), a)
	if n := len(p.b.sinkOf("0").all()); n < 1300 {
		t.Errorf("%d frames", n)
	}
}

// TestCandidatesOvertakeDescription: on an ICE restart all candidates come before the description that they belong to, as
// they may when they travel another way.
func TestCandidatesOvertakeDescription(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p := simPair(t, sim.Link{OneWay: 20 * time.Millisecond})
		audio := newSource(Audio, 1<<20, 100)
		p.dial(t, []Source{audio}, nil, both, both)
		p.connected(t)
		known := len(p.a.candidates())
		w.Cut("1.2.3.5")
		p.a.await("a failed", isState(ConnFailed))
		p.b.await("b failed", isState(ConnFailed))
		w.Heal("1.2.3.5")
		offer, err := p.a.conn.Describe(true)
		check(t, err)
		time.Sleep(time.Second)
		for _, c := range p.a.candidates()[known:] {
			check(t, p.b.conn.AddCandidate(c))
		}
		answer, err := p.b.conn.Apply(offer, p.a.cert.Fingerprint(), nil)
		check(t, err)
		check(t, p.a.conn.Described(answer, p.b.cert.Fingerprint())) // and none of b's: a is found by its own
		before := len(p.b.sinkOf("0").all())
		time.Sleep(5 * time.Second)
		if n := len(p.b.sinkOf("0").all()) - before; n < 100 {
			t.Errorf("%d frames", n)
		}
	})
}

// TestMute: a muted source is not read and stays open; then it goes on, and its time has too.
func TestMute(t *testing.T) {
	for _, live := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) { mute(t, live) })
	}
}

func mute(t *testing.T, live bool) {
	w, p := simPair(t, sim.Link{OneWay: 10 * time.Millisecond})
	audio, video := newSource(Audio, 1<<20, 100), newSource(Video, 1<<20, 100)
	audio.live = live
	p.dial(t, []Source{audio, video}, nil, Kinds{}, both)
	p.connected(t)
	time.Sleep(time.Second)
	check(t, p.a.conn.SetMuted(0, true))
	time.Sleep(100 * time.Millisecond)
	read, got := audio.readSoFar(), len(p.b.sinkOf("0").all())
	time.Sleep(2 * time.Second)
	if audio.readSoFar() != read || len(p.b.sinkOf("0").all()) != got || audio.closedNow() {
		t.Error("a muted source was read or closed")
	}
	if len(p.b.sinkOf("1").all()) < 80 {
		t.Error("muting audio stopped video")
	}
	if !p.a.conn.Stats().Sent[0].Muted {
		t.Error("not said in Stats")
	}
	check(t, p.a.conn.SetMuted(0, false))
	time.Sleep(time.Second)
	if len(p.b.sinkOf("0").all()) < got+40 {
		t.Error("nothing after unmuting")
	}
	if err := p.a.conn.SetMuted(77, true); !errors.Is(err, ErrState) {
		t.Errorf("unknown stream: %v", err)
	}
	p.close()
	w.Close()
	arrived(t, "audio", p.b.sinkOf("0"), audio)
	last := p.b.sinkOf("0").all()
	lastVideo := p.b.sinkOf("1").all()
	if d := last[len(last)-1].Time - lastVideo[len(lastVideo)-1].Time; d > 50*time.Millisecond || d < -50*time.Millisecond {
		t.Errorf("after a pause audio lies %v beside video", d)
	}
}

// TestHold: nothing flows in either direction while one side holds, and everything after.
func TestHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p := simPair(t, sim.Link{OneWay: 10 * time.Millisecond})
		a, b := newSource(Audio, 1<<20, 100), newSource(Audio, 1<<20, 100)
		p.dial(t, []Source{a}, []Source{b}, both, both)
		p.connected(t)
		for range 2 {
			time.Sleep(time.Second)
			check(t, p.b.conn.Hold(true))
			offer, err := p.b.conn.Describe(false)
			check(t, err)
			proposal, err := p.a.conn.Propose(offer, p.b.cert.Fingerprint())
			if err != nil || !proposal.Hold || len(proposal.New) != 0 || proposal.Restart {
				t.Fatalf("%+v %v", proposal, err)
			}
			answer, err := p.a.conn.Apply(offer, p.b.cert.Fingerprint(), nil)
			check(t, err)
			check(t, p.b.conn.Described(answer, p.a.cert.Fingerprint()))
			time.Sleep(100 * time.Millisecond)
			readA, readB := a.readSoFar(), b.readSoFar()
			time.Sleep(2 * time.Second)
			if a.readSoFar() != readA || b.readSoFar() != readB {
				t.Error("a source was read on hold")
			}
			gotA, gotB := len(p.a.sinkOf("0").all()), len(p.b.sinkOf("0").all())
			check(t, p.b.conn.Hold(false))
			describe(t, p.b, p.a, false, nil)
			time.Sleep(time.Second)
			if len(p.a.sinkOf("0").all()) < gotA+40 || len(p.b.sinkOf("0").all()) < gotB+40 {
				t.Errorf("not resumed: %d %d", len(p.a.sinkOf("0").all())-gotA, len(p.b.sinkOf("0").all())-gotB)
			}
		}
		p.close()
		w.Close()
	})
}

// TestAddTrackNeedsConsent: video added in the call reaches nobody who did not accept it, and everybody who did.
func TestAddTrackNeedsConsent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p := simPair(t, sim.Link{OneWay: 10 * time.Millisecond})
		audio := newSource(Audio, 1<<20, 100)
		p.dial(t, []Source{audio}, []Source{newSource(Audio, 1<<20, 100)}, Kinds{Audio: true}, Kinds{Audio: true})
		p.connected(t)
		for _, dir := range [][2]*side{{p.a, p.b}, {p.b, p.a}} {
			from, to := dir[0], dir[1]
			video := newSource(Video, 60, 1000)
			info, err := from.conn.AddTrack(video)
			check(t, err)
			if info.Ctx != 1 || info.Kind != Video {
				t.Errorf("%+v", info)
			}
			offer, err := from.conn.Describe(false)
			check(t, err)
			proposal, err := to.conn.Propose(offer, from.cert.Fingerprint())
			check(t, err)
			if len(proposal.New) != 1 || proposal.New[0].Kind != Video || proposal.Hold {
				t.Fatalf("%+v", proposal)
			}
			answer, err := to.conn.Apply(offer, from.cert.Fingerprint(), none)
			check(t, err)
			check(t, from.conn.Described(answer, to.cert.Fingerprint()))
			time.Sleep(time.Second)
			if video.readSoFar() != 0 || len(to.conn.Tracks()) != 1 {
				t.Error("a refused track was sent, or is there")
			}
			describe(t, from, to, false, all)
			now := from.conn.elapsed() - from.conn.origin()
			time.Sleep(4 * time.Second)
			wantFramesFrom(t, "video", to.sinkOf(proposal.New[0].MID), video, now)
			if !slices.ContainsFunc(to.seen(), func(e Event) bool { a, ok := e.(TrackAdded); return ok && a.Track.Kind == Video }) {
				t.Error("TrackAdded was not told")
			}
		}
		p.close()
		w.Close()
	})
}

// TestReplaceAndRemove: a replaced source goes on where the old one was; a removed stream ends, and its context is never
// used again.
func TestReplaceAndRemove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p := simPair(t, sim.Link{OneWay: 10 * time.Millisecond})
		first, second, third := newSource(Video, 1<<20, 500), newSource(Video, 60, 500), newSource(Video, 60, 500)
		p.dial(t, []Source{newSource(Audio, 1<<20, 100), first}, nil, both, both)
		p.connected(t)
		time.Sleep(time.Second)
		check(t, taken(p.a.conn.ReplaceTrack(1, second)))
		time.Sleep(3 * time.Second)
		if !first.closedNow() {
			t.Error("the replaced source is open")
		}
		got := p.b.sinkOf("1").all()
		if n := len(got); n < 85 || !slices.IsSortedFunc(got, func(x, y Frame) int { return int(x.Time - y.Time) }) {
			t.Errorf("%d frames", n)
		}
		if err := taken(p.a.conn.ReplaceTrack(1, newSource(Audio, 1, 1))); !errors.Is(err, ErrCodec) {
			t.Errorf("a stream changed its codec: %v", err)
		}
		if _, err := p.a.conn.AddTrack(nil); !errors.Is(err, ErrCodec) {
			t.Errorf("no source was added: %v", err)
		}
		if err := taken(p.a.conn.ReplaceTrack(1, nil)); !errors.Is(err, ErrCodec) {
			t.Errorf("no source in place of one: %v", err)
		}
		check(t, taken(p.a.conn.RemoveTrack(1)))
		describe(t, p.a, p.b, false, nil)
		info, err := p.a.conn.AddTrack(third)
		check(t, err)
		if info.Ctx != 2 || info.MID != "1" {
			t.Errorf("%+v", info)
		}
		describe(t, p.a, p.b, false, nil)
		time.Sleep(4 * time.Second)
		if n := len(p.b.sinkOf("1").all()); n != len(got)+60 {
			t.Errorf("%d frames of the new track", n-len(got))
		}
		p.close()
		w.Close()
	})
}

// TestDescriptionsCross: both describe at once. The caller's stands, the callee makes its own again, and both tracks flow.
func TestDescriptionsCross(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p := simPair(t, sim.Link{OneWay: 10 * time.Millisecond})
		p.dial(t, []Source{newSource(Audio, 1<<20, 100)}, []Source{newSource(Audio, 1<<20, 100)}, both, both)
		p.connected(t)
		va, vb := newSource(Video, 60, 500), newSource(Video, 60, 500)
		_, err := p.a.conn.AddTrack(va)
		check(t, err)
		_, err = p.b.conn.AddTrack(vb)
		check(t, err)
		offerA, err := p.a.conn.Describe(false)
		check(t, err)
		offerB, err := p.b.conn.Describe(true)
		check(t, err)
		if _, err := p.a.conn.Describe(false); !errors.Is(err, ErrState) {
			t.Errorf("two at once: %v", err)
		}
		if _, err := p.a.conn.Apply(offerB, p.b.cert.Fingerprint(), all); !errors.Is(err, ErrGlare) {
			t.Fatalf("the caller gave way: %v", err)
		}
		stop := relayCandidates(t, p)
		answer, err := p.b.conn.Apply(offerA, p.a.cert.Fingerprint(), all)
		check(t, err)
		check(t, p.a.conn.Described(answer, p.b.cert.Fingerprint()))
		if err := p.b.conn.Described(answer, p.a.cert.Fingerprint()); !errors.Is(err, ErrState) {
			t.Errorf("an answer to a dropped description: %v", err)
		}
		describe(t, p.b, p.a, true, all)
		time.Sleep(5 * time.Second)
		stop()
		p.close()
		w.Close()
		for _, x := range []struct {
			s   *side
			src *scriptSource
		}{{p.b, va}, {p.a, vb}} {
			n := 0
			for mid, sink := range x.s.sinks {
				if got := sink.all(); mid != "0" && len(got) > 0 {
					n += len(got)
				}
			}
			if n < 55 {
				t.Errorf("%d frames of the added video", n)
			}
		}
	})
}

// TestAddTrackWhileOneIsDescribed: a track may be added while a description waits for its answer; that one does not count
// for it, the next does. The mutation that makes it fail: Refused that takes back what was not offered.
func TestAddTrackWhileOneIsDescribed(t *testing.T) {
	for _, idle := range []bool{false, true} { // there is a section that sends nothing
		synctest.Test(t, func(t *testing.T) {
			_, p := simPair(t, sim.Link{OneWay: 5 * time.Millisecond})
			p.dial(t, []Source{newSource(Audio, 1<<20, 100)}, nil, Kinds{Video: idle}, both)
			p.connected(t)
			first, second := newSource(Audio, 1<<20, 100), newSource(Video, 60, 100)
			_, err := p.a.conn.AddTrack(first)
			check(t, err)
			for _, answered := range []bool{false, true} {
				offer, err := p.a.conn.Describe(false)
				check(t, err)
				if answered {
					_, err = p.a.conn.AddTrack(second)
					check(t, err)
					answer, err := p.b.conn.Apply(offer, p.a.cert.Fingerprint(), all)
					check(t, err)
					check(t, p.a.conn.Described(answer, p.b.cert.Fingerprint()))
					continue
				}
				third, err := p.a.conn.AddTrack(newSource(Video, 1, 1))
				check(t, err)
				if gone := p.a.conn.Refused(); len(gone) != 1 || gone[0].Kind != Audio {
					t.Errorf("%+v is gone", gone)
				}
				check(t, taken(p.a.conn.RemoveTrack(third.Ctx)))
				first = newSource(Audio, 1<<20, 100)
				_, err = p.a.conn.AddTrack(first)
				check(t, err)
			}
			time.Sleep(time.Second)
			if first.readSoFar() < 40 || second.readSoFar() > 0 || !p.a.conn.Untaken() {
				t.Errorf("%d frames of what was described, %d of what was not", first.readSoFar(), second.readSoFar())
			}
			describe(t, p.a, p.b, false, all)
			time.Sleep(3 * time.Second)
			if n := len(p.b.sinkOf(p.a.conn.Streams()[1].MID).all()) + len(p.b.sinkOf(p.a.conn.Streams()[2].MID).all()); n < 150+60 {
				t.Errorf("%d frames of both", n)
			}
			for _, s := range p.b.conn.Stats().Received {
				if s.Kind == Video && s.Frames != 60 {
					t.Errorf("%+v", s)
				}
			}
		})
	}
}

// TestSwappedWhileDescribed: an answer does not count for a track that took the place of the one that was described. The
// mutation that makes it fail: settle that sets negotiated always.
func TestSwappedWhileDescribed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, p := simPair(t, sim.Link{OneWay: 5 * time.Millisecond})
		p.dial(t, []Source{newSource(Audio, 1<<20, 100)}, nil, both, both)
		p.connected(t)
		first, err := p.a.conn.AddTrack(newSource(Video, 60, 100))
		check(t, err)
		offer, err := p.a.conn.Describe(false)
		check(t, err)
		check(t, taken(p.a.conn.RemoveTrack(first.Ctx)))
		second := newSource(Video, 60, 100)
		info, err := p.a.conn.AddTrack(second)
		check(t, err)
		answer, err := p.b.conn.Apply(offer, p.a.cert.Fingerprint(), all)
		check(t, err)
		check(t, p.a.conn.Described(answer, p.b.cert.Fingerprint()))
		time.Sleep(time.Second)
		if info.MID != first.MID || second.readSoFar() > 0 || !p.a.conn.Untaken() {
			t.Errorf("%+v: %d frames of what was not described", info, second.readSoFar())
		}
		describe(t, p.a, p.b, false, nil)
		time.Sleep(3 * time.Second)
		if n := len(p.b.sinkOf(info.MID).all()); n != 60 {
			t.Errorf("%d frames", n)
		}
	})
}
