package call_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/transport/v4"
	"github.com/pion/webrtc/v4"
	wmedia "github.com/pion/webrtc/v4/pkg/media"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/call/calltest"
	"github.com/sotto-calls/sotto/internal/sim"
	"github.com/sotto-calls/sotto/media"
)

// The emulated path: 100 ms there and back for media, 50 ms from a sender by the relay to the reader.
const roundTrip = 100 * time.Millisecond

// setupTimes is how long after the callee's answer the first frames of every track are opened, at either side.
func setupTimes(t *testing.T) (callee, caller time.Duration) {
	n := calltest.New(t, calltest.Options{OneWay: roundTrip / 2})
	atAlice, atBob := newFirsts(), newFirsts()
	a, err := n.Alice.Client.Dial(t.Context(), n.Alice.Peer, call.Media{Send: []media.Source{microphone(100), camera(100)}, Receive: atAlice.track})
	if err != nil {
		t.Fatal(err)
	}
	in, err := n.Bob.Client.Accept(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(3 * time.Second) // somebody walks to the telephone
	start := time.Now()
	if _, err := in.Answer(t.Context(), call.Media{Send: []media.Source{microphone(100), camera(100)}, Receive: atBob.track}); err != nil {
		t.Fatal(err)
	}
	callee, caller = atBob.last(t, start), atAlice.last(t, start)
	if err := a.Hangup(t.Context(), call.Left); err != nil {
		t.Error(err)
	}
	return callee, caller
}

// firsts notes when the first frame of each track is opened.
type firsts map[media.Kind]chan time.Time

func newFirsts() firsts {
	return firsts{media.Audio: make(chan time.Time, 1), media.Video: make(chan time.Time, 1)}
}

func (f firsts) track(info media.TrackInfo) media.Sink { return firstSink(f[info.Kind]) }

// last is when both tracks had begun.
func (f firsts) last(t testing.TB, since time.Time) (d time.Duration) {
	t.Helper()
	for kind, first := range f {
		select {
		case at := <-first:
			d = max(d, at.Sub(since))
		case <-time.After(10 * time.Second):
			t.Fatalf("no frame of %v", kind)
		}
	}
	return d
}

type firstSink chan time.Time

func (s firstSink) WriteFrame(media.Frame) error {
	select {
	case s <- time.Now():
	default: // not the first
	}
	return nil
}

func (s firstSink) Close() error { return nil }

// bareSetup is the same without keys: two PeerConnections with the settings that calls use, the first packet of each
// track. The offer is there already; the answer takes a half round trip to the caller, and its candidates one back.
func bareSetup(t *testing.T) (callee, caller time.Duration) {
	w := sim.NewWorld(t, sim.Link{OneWay: roundTrip / 2})
	a, atA := bareEnd(t, w.Host("1.2.3.4"))
	b, atB := bareEnd(t, w.Host("1.2.3.5"))
	offer, err := a.CreateOffer(nil)
	check(t, err)
	time.Sleep(3 * time.Second)
	start := time.Now()
	check(t, b.SetRemoteDescription(offer))
	answer, err := b.CreateAnswer(nil)
	check(t, err)
	gather(t, b, answer)
	time.Sleep(roundTrip / 2)
	gathered := webrtc.GatheringCompletePromise(a)
	check(t, a.SetLocalDescription(offer))
	check(t, a.SetRemoteDescription(*b.LocalDescription()))
	<-gathered
	time.Sleep(roundTrip / 2)
	for line := range strings.Lines(a.LocalDescription().SDP) {
		if c, ok := strings.CutPrefix(strings.TrimSpace(line), "a=candidate:"); ok {
			mid := "0"
			check(t, b.AddICECandidate(webrtc.ICECandidateInit{Candidate: "candidate:" + c, SDPMid: &mid}))
		}
	}
	callee, caller = atB.last(t, start), atA.last(t, start)
	check(t, a.GracefulClose())
	check(t, b.GracefulClose())
	w.Close()
	return callee, caller
}

func gather(t *testing.T, pc *webrtc.PeerConnection, d webrtc.SessionDescription) {
	gathered := webrtc.GatheringCompletePromise(pc)
	check(t, pc.SetLocalDescription(d))
	<-gathered
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// bareEnd is a PeerConnection of pion with the settings of package media that matter for set-up, and its own codecs. It
// sends a frame on each track as soon as it is connected.
func bareEnd(t *testing.T, n transport.Net) (*webrtc.PeerConnection, firsts) {
	var e webrtc.SettingEngine
	e.SetNet(n)
	e.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	e.SetICETimeouts(1500*time.Millisecond, 10*time.Second, 500*time.Millisecond)
	e.SetSrflxAcceptanceMinWait(0)
	e.SetPrflxAcceptanceMinWait(0)
	e.SetRelayAcceptanceMinWait(500 * time.Millisecond)
	e.SetDTLSInsecureSkipHelloVerify(true)
	e.SetDTLSRetransmissionInterval(100 * time.Millisecond)
	e.EnableSctpSnap(true)
	check(t, e.SetAnsweringDTLSRole(webrtc.DTLSRoleClient))
	m := &webrtc.MediaEngine{}
	check(t, m.RegisterDefaultCodecs())
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(e), webrtc.WithMediaEngine(m)).NewPeerConnection(webrtc.Configuration{})
	check(t, err)
	_, err = pc.CreateDataChannel("x", nil)
	check(t, err)
	var tracks []*webrtc.TrackLocalStaticSample
	for _, mime := range []string{webrtc.MimeTypeOpus, webrtc.MimeTypeVP8} {
		track, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: mime}, mime, "s")
		check(t, err)
		_, err = pc.AddTrack(track)
		check(t, err)
		tracks = append(tracks, track)
	}
	first := newFirsts()
	pc.OnTrack(func(r *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		if _, _, err := r.ReadRTP(); err == nil {
			first[media.Kind(r.Kind())] <- time.Now()
		}
	})
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		for _, track := range tracks {
			if s == webrtc.PeerConnectionStateConnected && track.WriteSample(wmedia.Sample{Data: make([]byte, 900), Duration: 20 * time.Millisecond}) != nil {
				t.Error("a bare frame was not sent")
			}
		}
	})
	return pc, first
}

// TestSetUpTime: from the callee's answer to the first opened frame of every track, in round trips, and beside bare
// connections with the same settings. The mutations that make it fail: an Accept that waits for all of gatherTime though
// gathering is done (sealAccept in candidates.go), or SetDTLSInsecureSkipHelloVerify(false) in media/engine.go.
func TestSetUpTime(t *testing.T) {
	var callee, caller, bareCallee, bareCaller time.Duration
	synctest.Test(t, func(t *testing.T) { callee, caller = setupTimes(t) })
	synctest.Test(t, func(t *testing.T) { bareCallee, bareCaller = bareSetup(t) })
	trips := func(d time.Duration) float64 { return float64(d) / float64(roundTrip) }
	t.Logf("callee %.3f round trips, bare %.3f; caller %.3f, bare %.3f", trips(callee), trips(bareCallee), trips(caller), trips(bareCaller))
	if trips(callee) > 4.2 || trips(caller) > 4.7 {
		t.Errorf("first frame after %.2f round trips at the callee, %.2f at the caller; 4.2 and 4.7 are allowed", trips(callee), trips(caller))
	}
	if float64(callee) > 1.05*float64(bareCallee) || float64(caller) > 1.05*float64(bareCaller) {
		t.Errorf("callee %v beside %v, caller %v beside %v of bare connections", callee, bareCallee, caller, bareCaller)
	}
}
