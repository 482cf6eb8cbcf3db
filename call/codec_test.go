package call_test

import (
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
