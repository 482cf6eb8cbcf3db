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

// TestTheEndOfATrackSaysWhatItWas: the end of a source names its own codec, and not that of what the other side sends in the
// same section. The mutation that makes it fail: SourceEnded that asks track.
func TestTheEndOfATrackSaysWhatItWas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		back := camera(9000)
		back.info.Codec = media.H264
		p := connect(t, calltest.New(t, calltest.Options{OneWay: 20 * time.Millisecond}),
			call.Media{Send: []media.Source{camera(50)}}, call.Media{Send: []media.Source{back}})
		e := until[call.TrackEnded](t, p.alice, "the end of the source")
		if s := p.alice.Streams()[0]; !e.Sent || e.Err != nil || e.Track.Codec != media.VP8 || e.Track.Kind != media.Video || e.Track.MID != s.MID {
			t.Errorf("%+v of %+v", e, s)
		}
		p.hangup(t)
	})
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

// voices is a call of two microphones between two sides that have no video codec in common.
func voices(t *testing.T) *pairing {
	t.Helper()
	voice := call.Media{Refuse: media.Kinds{Video: true}, Consent: yes}
	alice, bob := voice, voice
	alice.Send, bob.Send = []media.Source{microphone(90000)}, []media.Source{microphone(90000)}
	return connect(t, calltest.New(t, oneCodecEach(media.VP8, media.H264)), alice, bob)
}

// TestACameraThatTheOtherSideCannotTake is refused in the call, which goes on as if it had never been tried: each side can
// describe what it changes, add other tracks and look for another path. Mutations: readOffer in media that reads with all
// rules; takeBack in describe.go with Forget in place of Refused.
func TestACameraThatTheOtherSideCannotTake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := voices(t)
		for range 2 {
			cam := camera(1000)
			if _, err := p.alice.AddTrack(t.Context(), cam); err == nil {
				t.Error("a camera was taken for which there is no codec")
			}
			isClosed(t, "refused camera", cam)
			if s := p.alice.Streams(); len(s) != 1 || s[0].Kind != media.Audio {
				t.Errorf("Alice sends %+v", s)
			}
		}
		for _, c := range []*call.Call{p.alice, p.bob} {
			check(t, c.Hold(t.Context(), true))
			check(t, c.Hold(t.Context(), false))
			c.NetworkChanged()
			flows(t, p.fromAlice, media.Audio, true)
			flows(t, p.fromBob, media.Audio, true)
			_, err := c.AddTrack(t.Context(), microphone(1000))
			check(t, err)
		}
		time.Sleep(30 * time.Second)
		if p.alice.State() != call.StateConnected || p.bob.State() != call.StateConnected {
			t.Errorf("%v and %v", p.alice.State(), p.bob.State())
		}
		p.hangup(t)
	})
}

// TestWhatIsRefusedWithACamera: what was described together with it is described again without it. The mutation that makes
// it fail: takeBack without again.
func TestWhatIsRefusedWithACamera(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := voices(t)
		held, added, more := make(chan error, 1), make(chan error, 1), make(chan error, 1)
		go func() { held <- p.alice.Hold(t.Context(), false) }() // under way, so that the others go together
		synctest.Wait()
		cam := camera(1000)
		go func() { _, err := p.alice.AddTrack(t.Context(), cam); added <- err }()
		synctest.Wait()
		go func() { more <- p.alice.Hold(t.Context(), true) }()
		if err := <-added; err == nil {
			t.Error("a camera was taken for which there is no codec")
		}
		check(t, <-held)
		check(t, <-more)
		isClosed(t, "refused camera", cam)
		if cam.closes != 1 {
			t.Errorf("it was closed %d times: two at once may not be what it can take", cam.closes)
		}
		flows(t, p.fromAlice, media.Audio, false)
		flows(t, p.fromBob, media.Audio, false)
		p.hangup(t)
	})
}

// TestACalleesCameraThatIsRefused: the offer had no place for it, so the callee asks for one as soon as it is connected, and
// its application hears that the caller cannot take it. The mutation that makes it fail: takeBack that tells waiters alone.
func TestACalleesCameraThatIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cam := camera(1000)
		cam.info.Codec = media.H264
		p := connect(t, calltest.New(t, oneCodecEach(media.VP8, media.H264)),
			call.Media{Send: []media.Source{microphone(90000)}, Refuse: media.Kinds{Video: true}},
			call.Media{Send: []media.Source{microphone(90000), cam}, Refuse: media.Kinds{Video: true}})
		e := until[call.TrackEnded](t, p.bob, "the end of the camera")
		if !e.Sent || e.Err == nil || e.Track.Kind != media.Video || e.Track.Codec != media.H264 {
			t.Errorf("%+v", e)
		}
		synctest.Wait() // it is closed beside the call
		isClosed(t, "refused camera", cam)
		check(t, p.bob.Hold(t.Context(), false))
		flows(t, p.fromBob, media.Audio, true)
		p.hangup(t)
	})
}
