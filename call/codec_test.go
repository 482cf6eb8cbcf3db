package call_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/call/calltest"
	"github.com/sotto-calls/sotto/media"
)

// TestACallInEveryCodec: under the keys of a call every frame comes, whatever the codec, and none fails; new keys change
// nothing.
func TestACallInEveryCodec(t *testing.T) {
	for _, codec := range []media.Codec{media.VP9, media.H264, media.AV1} {
		synctest.Test(t, func(t *testing.T) {
			n := calltest.New(t, calltest.Options{OneWay: 50 * time.Millisecond})
			there, back := camera(150), camera(150)
			there.info.Codec, back.info.Codec = codec, codec
			p := connect(t, n, call.Media{Send: []media.Source{there}}, call.Media{Send: []media.Source{back}})
			time.Sleep(3 * time.Second)
			p.alice.RenewKeys()
			time.Sleep(5 * time.Second)
			for _, c := range []*call.Call{p.alice, p.bob} {
				if r := c.Stats().Media.Received[0]; r.FailedSum() != 0 || r.Codec != codec || r.Frames != 150 {
					t.Errorf("%s: %+v", codec, r)
				}
			}
			if err := p.alice.Hangup(t.Context(), call.Left); err != nil {
				t.Error(err)
			}
			<-p.bob.Done()
			p.fromAlice.check(t, there)
			p.fromBob.check(t, back)
		})
	}
}

// oneCodecEach gives each side one video codec of its own.
func oneCodecEach(alice, bob media.Codec) calltest.Options {
	return calltest.Options{OneWay: 20 * time.Millisecond, Configure: func(name string, c *call.Config) {
		c.Media.VideoCodecs = []media.Codec{map[string]media.Codec{"alice": alice, "bob": bob}[name]}
	}}
}

// TestNoCodecInCommon: a call for which the two sides' settings leave no codec ends as Unsupported on both, at once, and the
// callee is told the codecs. Mutations: mediaReason without ErrCodec; readOffer in media that reads with all rules.
func TestNoCodecInCommon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := calltest.New(t, oneCodecEach(media.VP8, media.H264))
		there, back := camera(1000), camera(1000)
		back.info.Codec = media.H264
		c, in := ring(t, n, call.Media{Send: []media.Source{there}})
		start := time.Now()
		b, err := in.Answer(t.Context(), call.Media{Send: []media.Source{back}, Receive: newTape().track})
		check(t, err)
		ended(t, b, call.Unsupported, false, start, 3*time.Second)
		ended(t, c, call.Unsupported, true, start, 3*time.Second)
		if err := b.Err(); !errors.Is(err, media.ErrCodec) || !strings.Contains(err.Error(), "VP8") || !strings.Contains(err.Error(), "H264") {
			t.Errorf("the callee is told %v", err)
		}
		isClosed(t, "no codec in common", there, back)
	})
}

// TestACameraThatTheOtherSideCannotTake is refused in the call, which goes on: the other side can still describe what it
// changes. The mutation that makes it fail: readOffer in media that reads with all rules.
func TestACameraThatTheOtherSideCannotTake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := calltest.New(t, oneCodecEach(media.VP8, media.H264))
		voice := func() call.Media {
			return call.Media{Send: []media.Source{microphone(1000)}, Refuse: media.Kinds{Video: true}}
		}
		p := connect(t, n, voice(), voice())
		cam := camera(1000)
		if _, err := p.alice.AddTrack(t.Context(), cam); err == nil {
			t.Error("a camera was taken for which there is no codec")
		}
		isClosed(t, "refused camera", cam)
		check(t, p.bob.Hold(t.Context(), true))
		check(t, p.bob.Hold(t.Context(), false))
		if p.alice.State() != call.StateConnected || p.bob.State() != call.StateConnected {
			t.Errorf("%v and %v", p.alice.State(), p.bob.State())
		}
	})
}
