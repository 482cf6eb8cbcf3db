package call_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/call/calltest"
	"github.com/sotto-calls/sotto/media"
)

// TestWhatTheOfferHadNoPlaceFor: the callee sends a kind that the caller refused at first. It is offered once the call is
// up, and the caller's Consent decides. The mutation that makes it fail: fxOffer in perform.go without offerUntaken.
func TestWhatTheOfferHadNoPlaceFor(t *testing.T) {
	for _, tt := range []struct {
		name   string
		caller []media.Source
		yes    bool
	}{
		{"no section, taken", []media.Source{microphone(9000)}, true},
		{"no section, refused", []media.Source{microphone(9000)}, false},
		{"one way, taken", []media.Source{microphone(9000), camera(9000)}, true},
		{"one way, refused", []media.Source{microphone(9000), camera(9000)}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var asked []media.Kind
				a := call.Media{Send: tt.caller, Refuse: media.Kinds{Video: true},
					Consent: func(_ context.Context, k media.TrackInfo) bool { asked = append(asked, k.Kind); return tt.yes }}
				cam := camera(9000)
				p := connect(t, calltest.New(t, calltest.Options{OneWay: 20 * time.Millisecond}), a,
					call.Media{Send: []media.Source{microphone(9000), cam}, Consent: yes})
				flows(t, p.fromBob, media.Video, tt.yes)
				flows(t, p.fromBob, media.Audio, true)
				flows(t, p.fromAlice, media.Audio, true)
				flows(t, p.fromAlice, media.Video, len(tt.caller) == 2)
				if len(asked) != 1 || asked[0] != media.Video {
					t.Errorf("asked about %v", asked)
				}
				p.hangup(t)
				isClosed(t, "the end", cam)
			})
		})
	}
}
