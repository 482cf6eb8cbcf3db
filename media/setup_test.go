package media

import (
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/transport/v4"
	"github.com/pion/webrtc/v4"
	wmedia "github.com/pion/webrtc/v4/pkg/media"

	"github.com/sotto-calls/sotto/internal/sim"
)

const roundTrip = 100 * time.Millisecond

// setupTimes is how long after the callee's answer the first frame is there, at the callee and at the caller.
func setupTimes(t *testing.T) (callee, caller time.Duration) {
	w, p := simPair(t, sim.Link{OneWay: roundTrip / 2})
	p.dial(t, []Source{newSource(Audio, 100, 100), newSource(Video, 100, 4000)},
		[]Source{newSource(Audio, 100, 100), newSource(Video, 100, 4000)}, both, both)
	p.a.await("a frame at the caller", isA[FirstFrame])
	p.b.await("a frame at the callee", isA[FirstFrame])
	time.Sleep(time.Second)
	first := func(s *side) time.Duration {
		audio, video := s.sinkOf("0").first(), s.sinkOf("1").first()
		return max(audio.Sub(p.accepted), video.Sub(p.accepted))
	}
	callee, caller = first(p.b), first(p.a)
	p.close()
	w.Close()
	return callee, caller
}

// bareTimes is the same for two bare PeerConnections with the same engines: the first packet of video.
func bareTimes(t *testing.T) (callee, caller time.Duration) {
	w := sim.NewWorld(t, sim.Link{OneWay: roundTrip / 2})
	a, firstA := barePeer(t, w.Host("1.2.3.4"), false)
	b, firstB := barePeer(t, w.Host("1.2.3.5"), true)
	offer, err := a.CreateOffer(nil)
	check(t, err)
	start := time.Now()
	gathered := webrtc.GatheringCompletePromise(b)
	check(t, b.SetRemoteDescription(offer))
	answer, err := b.CreateAnswer(nil)
	check(t, err)
	check(t, b.SetLocalDescription(answer))
	<-gathered
	time.Sleep(roundTrip / 2)
	gathered = webrtc.GatheringCompletePromise(a)
	check(t, a.SetLocalDescription(offer))
	check(t, a.SetRemoteDescription(*b.LocalDescription()))
	<-gathered
	time.Sleep(roundTrip / 2)
	candidates := parseAll(t, a.LocalDescription().SDP)
	for _, c := range candidates {
		check(t, b.AddICECandidate(webrtc.ICECandidateInit{Candidate: c.Line}))
	}
	callee, caller = (<-firstB).Sub(start), (<-firstA).Sub(start)
	check(t, a.GracefulClose())
	check(t, b.GracefulClose())
	w.Close()
	return callee, caller
}

func parseAll(t *testing.T, text string) []Candidate {
	d, err := parseDescription(text, rules)
	check(t, err)
	return d.candidates
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// barePeer is a PeerConnection with the engines of this package that sends video as soon as it is connected. The channel
// gets the time of the first packet it receives.
func barePeer(t *testing.T, n transport.Net, callee bool) (*webrtc.PeerConnection, <-chan time.Time) {
	cert, err := NewCertificate()
	check(t, err)
	pc, err := newPeerConnection(Settings{Net: n}.withLogger(), cert, callee, &streamLimit{})
	check(t, err)
	negotiated, id := true, uint16(0)
	_, err = pc.CreateDataChannel("x", &webrtc.DataChannelInit{Negotiated: &negotiated, ID: &id})
	check(t, err)
	track, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8}, "v", "s")
	check(t, err)
	_, err = pc.AddTrack(track)
	check(t, err)
	first := make(chan time.Time, 1)
	pc.OnTrack(func(r *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		if _, _, err := r.ReadRTP(); err == nil {
			first <- time.Now()
		}
	})
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateConnected {
			if err := track.WriteSample(wmedia.Sample{Data: make([]byte, 4000), Duration: time.Second / 30}); err != nil && err != io.ErrClosedPipe {
				t.Error(err)
			}
		}
	})
	return pc, first
}

// TestSetUpTime: from the callee's answer to the first opened frame, at 100 ms round trip. The mutation that makes it
// fail: SetDTLSInsecureSkipHelloVerify(false) in engine.go, or the caller as DTLS client.
func TestSetUpTime(t *testing.T) {
	var callee, caller, bareCallee, bareCaller time.Duration
	synctest.Test(t, func(t *testing.T) { callee, caller = setupTimes(t) })
	synctest.Test(t, func(t *testing.T) { bareCallee, bareCaller = bareTimes(t) })
	t.Logf("callee %v (bare %v), caller %v (bare %v)", callee, bareCallee, caller, bareCaller)
	trips := func(d time.Duration) float64 { return float64(d) / float64(roundTrip) }
	if trips(callee) > 4.2 || trips(caller) > 4.7 {
		t.Errorf("first frame after %.2f round trips at the callee, %.2f at the caller; want 4.2 and 4.7", trips(callee), trips(caller))
	}
	if float64(callee) > 1.05*float64(bareCallee) || float64(caller) > 1.05*float64(bareCaller) {
		t.Errorf("slower than bare connections: callee %v to %v, caller %v to %v", callee, bareCallee, caller, bareCaller)
	}
}
