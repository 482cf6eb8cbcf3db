package call_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/call/calltest"
	"github.com/sotto-calls/sotto/media"
)

// audioOnly is a call of two microphones.
func audioOnly(t *testing.T, consent func(context.Context, media.TrackInfo) bool) *pairing {
	t.Helper()
	return connect(t, calltest.New(t, calltest.Options{OneWay: 20 * time.Millisecond}),
		call.Media{Send: []media.Source{microphone(180000)}, Consent: consent},
		call.Media{Send: []media.Source{microphone(180000)}, Consent: consent})
}

func TestAVideoAddedLater(t *testing.T) {
	for _, from := range []string{"caller", "callee"} {
		t.Run(from, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := audioOnly(t, yes)
				who, other, to := p.alice, p.bob, p.fromAlice
				if from == "callee" {
					who, other, to = p.bob, p.alice, p.fromBob
				}
				flows(t, to, media.Video, false)
				info, err := who.AddTrack(t.Context(), camera(90000))
				if err != nil {
					t.Fatal(err)
				}
				flows(t, to, media.Video, true)
				flows(t, to, media.Audio, true)
				if err := who.RemoveTrack(t.Context(), info.Ctx); err != nil {
					t.Fatal(err)
				}
				flows(t, to, media.Video, false)
				flows(t, to, media.Audio, true)
				if e := until[call.TrackEnded](t, other, "the video has ended"); e.Sent || e.Err != nil || e.Track.Kind != media.Video {
					t.Errorf("%+v", e)
				}
				if _, err := who.AddTrack(t.Context(), camera(90000)); err != nil {
					t.Fatal(err)
				}
				if e := until[call.TrackAdded](t, other, "the video is sent again"); e.Track.Kind != media.Video {
					t.Errorf("%+v", e)
				}
				p.hangup(t)
			})
		})
	}
}

// TestAVideoThatIsNotWanted: without consent nothing is received, and nothing of the other side's is started.
func TestAVideoThatIsNotWanted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := audioOnly(t, nil)
		if _, err := p.alice.AddTrack(t.Context(), camera(90000)); err != nil {
			t.Fatal(err)
		}
		flows(t, p.fromAlice, media.Video, false)
		flows(t, p.fromBob, media.Video, false)
		flows(t, p.fromAlice, media.Audio, true)
		p.hangup(t)
	})
}

func TestBothAddATrackAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := audioOnly(t, yes)
		done := make(chan error, 2)
		for _, c := range []*call.Call{p.alice, p.bob} {
			go func() {
				_, err := c.AddTrack(t.Context(), camera(90000))
				done <- err
			}()
		}
		for range 2 {
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		}
		flows(t, p.fromAlice, media.Video, true)
		flows(t, p.fromBob, media.Video, true)
		p.hangup(t)
	})
}

// TestTwoTracksAtOnce, of one side: the second is described when the first was answered.
func TestTwoTracksAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := audioOnly(t, yes)
		done := make(chan error, 2)
		sources := []*clock{camera(50), camera(50)}
		for _, s := range sources {
			go func() {
				_, err := p.alice.AddTrack(t.Context(), s)
				done <- err
			}()
			synctest.Wait() // the description of the first is under way
		}
		check(t, <-done)
		check(t, <-done)
		time.Sleep(4 * time.Second)
		if n := p.fromAlice.count(media.Video); n != 100 {
			t.Errorf("%d frames of both", n)
		}
		p.hangup(t)
	})
}

// TestTracksAddedWhileOneWaits for consent, by both sides: none is lost.
func TestTracksAddedWhileOneWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := audioOnly(t, func(ctx context.Context, _ media.TrackInfo) bool { return wait(ctx, 200*time.Millisecond) == nil })
		done := make(chan error, 3)
		add := func(c *call.Call) {
			go func() {
				_, err := c.AddTrack(t.Context(), camera(90000))
				done <- err
			}()
		}
		add(p.alice)
		time.Sleep(50 * time.Millisecond)
		add(p.bob)
		add(p.alice)
		for range 3 {
			check(t, <-done)
		}
		flows(t, p.fromAlice, media.Video, true)
		flows(t, p.fromBob, media.Video, true)
		p.hangup(t)
	})
}

func TestReplaceATrack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := audioOnly(t, nil)
		other := microphone(180000)
		if err := p.alice.ReplaceTrack(t.Context(), p.alice.Streams()[0].Ctx, other); err != nil {
			t.Fatal(err)
		}
		flows(t, p.fromAlice, media.Audio, true)
		p.hangup(t)
		if !other.isClosed() {
			t.Error("the new source was left open")
		}
	})
}

// TestNoSource: a nil source is refused where it is given, and the call goes on. The mutation that makes it fail: AddTrack, or
// ReplaceTrack, that does not look.
func TestNoSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := audioOnly(t, yes)
		if _, err := p.alice.AddTrack(t.Context(), nil); !errors.Is(err, call.ErrConfig) {
			t.Errorf("added: %v", err)
		}
		if err := p.alice.ReplaceTrack(t.Context(), p.alice.Streams()[0].Ctx, nil); !errors.Is(err, call.ErrConfig) {
			t.Errorf("replaced: %v", err)
		}
		flows(t, p.fromAlice, media.Audio, true)
		p.hangup(t)
	})
}

func TestDirections(t *testing.T) {
	for _, tt := range []struct {
		name       string
		alice, bob call.Media
		a, v       [2]bool // audio, video: from Alice, from Bob
	}{
		{"audio only", call.Media{Send: []media.Source{microphone(9000)}}, call.Media{Send: []media.Source{microphone(9000)}}, [2]bool{true, true}, [2]bool{}},
		{"send only", call.Media{Send: []media.Source{camera(9000)}, Refuse: media.Kinds{Audio: true, Video: true}},
			call.Media{Send: []media.Source{microphone(9000), camera(9000)}}, [2]bool{}, [2]bool{true, false}},
		{"receive only", call.Media{}, call.Media{Send: []media.Source{microphone(9000), camera(9000)}}, [2]bool{false, true}, [2]bool{false, true}},
		{"video refused by the callee", call.Media{Send: []media.Source{microphone(9000), camera(9000)}},
			call.Media{Send: []media.Source{microphone(9000)}, Refuse: media.Kinds{Video: true}}, [2]bool{true, true}, [2]bool{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := connect(t, calltest.New(t, calltest.Options{OneWay: 10 * time.Millisecond}), tt.alice, tt.bob)
				flows(t, p.fromAlice, media.Audio, tt.a[0])
				flows(t, p.fromBob, media.Audio, tt.a[1])
				flows(t, p.fromAlice, media.Video, tt.v[0])
				flows(t, p.fromBob, media.Video, tt.v[1])
				p.hangup(t)
			})
		})
	}
}
