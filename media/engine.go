package media

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/nack"
	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/webrtc/v4"

	"github.com/sotto-calls/sotto/media/internal/roomy"
)

// Times of the layers below, as measured to serve calls well.
const (
	iceDisconnected = 1500 * time.Millisecond
	iceFailed       = 10 * time.Second
	iceKeepAlive    = 500 * time.Millisecond
	iceChecks       = 60                     // 200 ms apart: 12 s
	relayWait       = 500 * time.Millisecond // time for two NATs to open for each other
	dtlsRetransmit  = 100 * time.Millisecond
	replayWindow    = 512 // packets; a repaired one comes late
	resendAudio     = 64  // packets kept for the peer's NACKs: more than a second
	resendVideo     = 512
)

// newSettingEngine translates Settings. callee decides the DTLS role.
func newSettingEngine(s Settings, callee bool) (webrtc.SettingEngine, error) {
	var e webrtc.SettingEngine
	e.LoggerFactory = logFactory{s.Logger}
	if s.Net == nil {
		n, err := roomy.New()
		if err != nil {
			return e, fmt.Errorf("media: network interfaces: %w", err)
		}
		e.SetNet(n)
	} else {
		e.SetNet(s.Net)
	}
	setICE(&e, s)
	// ICE has validated the address, so DTLS need not; a round trip less.
	e.SetDTLSInsecureSkipHelloVerify(true)
	e.SetDTLSRetransmissionInterval(dtlsRetransmit)
	e.SetSRTPReplayProtectionWindow(replayWindow)
	e.EnableSctpSnap(true)
	e.SetSCTPMaxMessageSize(MaxMessage)
	// What the peer sent before it closed is still read; that it is gone is said by the call's own Bye, or by ICE.
	e.DisableCloseByDTLS(true)
	if callee {
		if err := e.SetAnsweringDTLSRole(webrtc.DTLSRoleClient); err != nil {
			return e, fmt.Errorf("media: DTLS role: %w", err)
		}
	}
	return e, nil
}

// setICE says where candidates come from, which of the peer's are used, and how long each step may take.
func setICE(e *webrtc.SettingEngine, s Settings) {
	e.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6})
	e.DisableActiveTCP(true)
	e.SetICETimeouts(iceDisconnected, iceFailed, iceKeepAlive)
	// The peer's half of a pair may come late, if a relay lost it: until then its TURN server lets no check of ours pass.
	// By default a pair is given up after seven checks, 1.4 s, and for good.
	e.SetICEMaxBindingRequests(iceChecks)
	// Host candidates win by their priority anyway; waiting for them only makes calls through NATs and relays slow.
	e.SetSrflxAcceptanceMinWait(0)
	e.SetPrflxAcceptanceMinWait(0)
	if s.RelayOnly {
		e.SetRelayAcceptanceMinWait(0)
	} else {
		e.SetRelayAcceptanceMinWait(relayWait)
	}
	if s.mdns() {
		e.SetICEMulticastDNSMode(ice.MulticastDNSModeQueryAndGather)
	} else {
		e.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	}
	e.SetIncludeLoopbackCandidate(s.Loopback)
	if s.Loopback && !s.LAN { // nothing else is looked at, so nothing else is told
		e.SetIPFilter(net.IP.IsLoopback)
	}
	e.SetRemoteIPFilter(func(ip net.IP) bool {
		addr, ok := netip.AddrFromSlice(ip)
		return ok && s.allows(addr)
	})
}

// newMediaEngine registers exactly the codecs that can be sealed, in the order of preference.
func newMediaEngine(s Settings) (*webrtc.MediaEngine, error) {
	m := &webrtc.MediaEngine{}
	repair := []webrtc.RTCPFeedback{{Type: "nack"}, {Type: "transport-cc"}}
	picture := append(slices.Clone(repair), webrtc.RTCPFeedback{Type: "nack", Parameter: "pli"}, webrtc.RTCPFeedback{Type: "ccm", Parameter: "fir"})
	var errs []error
	for _, r := range s.rules() {
		c := webrtc.RTPCodecCapability{MimeType: r.mime, ClockRate: uint32(r.rate), SDPFmtpLine: r.fmtp, RTCPFeedback: picture}
		if r.kind == Audio {
			c.RTCPFeedback = repair
			if !r.mono { // one channel goes unsaid
				c.Channels = 2
			}
		}
		errs = append(errs, m.RegisterCodec(webrtc.RTPCodecParameters{RTPCodecCapability: c, PayloadType: r.pt}, r.kind.rtpKind()))
		if r.rtx != 0 {
			c = webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeRTX, ClockRate: 90000, SDPFmtpLine: fmt.Sprintf("apt=%d", r.pt)}
			errs = append(errs, m.RegisterCodec(webrtc.RTPCodecParameters{RTPCodecCapability: c, PayloadType: r.rtx}, webrtc.RTPCodecTypeVideo))
		}
	}
	for _, e := range []struct {
		uri  string
		kind Kind
	}{{playoutDelayURI, Video}, {transportWideURI, Audio}, {transportWideURI, Video}} {
		errs = append(errs, m.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: e.uri}, e.kind.rtpKind()))
	}
	return m, errors.Join(errs...)
}

// newInterceptors holds what answers the peer's NACKs and tells browsers how fast their packets come. Asking for lost
// packets and reporting are done by the receiver, which alone knows what was repaired.
func newInterceptors(logs logFactory) (*interceptor.Registry, error) {
	r := &interceptor.Registry{}
	for kind, size := range map[Kind]uint16{Audio: resendAudio, Video: resendVideo} {
		responder, err := nack.NewResponderInterceptor(nack.ResponderSize(size), nack.WithResponderLoggerFactory(logs),
			nack.ResponderStreamsFilter(func(info *interceptor.StreamInfo) bool {
				r := ruleOfMIME(info.MimeType)
				return r != nil && r.kind == kind
			}))
		if err != nil {
			return nil, fmt.Errorf("media: NACK responder: %w", err)
		}
		r.Add(responder)
	}
	feedback, err := twcc.NewSenderInterceptor(twcc.WithLoggerFactory(logs))
	if err != nil {
		return nil, fmt.Errorf("media: transport-wide feedback: %w", err)
	}
	r.Add(feedback)
	return r, nil
}

// newPeerConnection joins the parts. It touches no network.
func newPeerConnection(s Settings, cert *Certificate, callee bool, limit *streamLimit) (*webrtc.PeerConnection, error) {
	settings, err := newSettingEngine(s, callee)
	if err != nil {
		return nil, err
	}
	settings.BufferFactory = limit.buffer
	codecs, err := newMediaEngine(s)
	if err != nil {
		return nil, fmt.Errorf("media: codecs: %w", err)
	}
	interceptors, err := newInterceptors(logFactory{s.Logger})
	if err != nil {
		return nil, err
	}
	api := webrtc.NewAPI(webrtc.WithSettingEngine(settings), webrtc.WithMediaEngine(codecs),
		webrtc.WithInterceptorRegistry(interceptors))
	pc, err := api.NewPeerConnection(s.configuration(cert))
	if err != nil {
		return nil, fmt.Errorf("media: connection: %w", err)
	}
	return pc, nil
}

func (s Settings) configuration(cert *Certificate) webrtc.Configuration {
	c := webrtc.Configuration{
		BundlePolicy: webrtc.BundlePolicyMaxBundle,
		Certificates: []webrtc.Certificate{*cert.cert},
	}
	if s.RelayOnly {
		c.ICETransportPolicy = webrtc.ICETransportPolicyRelay
	}
	for _, server := range s.ICEServers {
		c.ICEServers = append(c.ICEServers, webrtc.ICEServer{
			URLs: server.URLs, Username: server.Username, Credential: server.Credential,
		})
	}
	return c
}
