package call_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/call/calltest"
	"github.com/sotto-calls/sotto/media"
)

// TestBeginsMuted: not a frame of a kind that begins muted leaves, the other side knows, and SetMuted ends it; also for what
// the other side had no place for at first. Mutation: startSources without mute.
func TestBeginsMuted(t *testing.T) {
	for _, refuse := range []media.Kinds{{}, {Audio: true}} {
		synctest.Test(t, func(t *testing.T) {
			n := calltest.New(t, calltest.Options{OneWay: 20 * time.Millisecond})
			p := connect(t, n, call.Media{Send: []media.Source{camera(9000)}, Refuse: refuse, Consent: yes},
				call.Media{Send: []media.Source{microphone(9000), camera(9000)}, Muted: media.Kinds{Audio: true}})
			told := until[call.MuteChanged](t, p.alice, "Alice hears of it")
			if !told.Muted || told.Track.Kind != media.Audio && refuse == (media.Kinds{}) {
				t.Errorf("told %+v", told)
			}
			flows(t, p.fromBob, media.Video, true)
			if got := p.fromBob.count(media.Audio); got != 0 {
				t.Errorf("%d frames of sound in a call that began muted", got)
			}
			for _, s := range p.bob.Streams() {
				if s.Kind == media.Audio {
					if err := p.bob.SetMuted(t.Context(), s.Ctx, false); err != nil {
						t.Fatal(err)
					}
				}
			}
			flows(t, p.fromBob, media.Audio, true)
			p.hangup(t)
		})
	}
}
