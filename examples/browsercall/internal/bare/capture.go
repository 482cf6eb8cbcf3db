package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"
)

// A line is one RTP packet as it is after SRTP: what whoever ends DTLS can read.
type line struct {
	Codec     string `json:"codec"`
	Sequence  uint16 `json:"sequence"`
	Timestamp uint32 `json:"timestamp"`
	Marker    bool   `json:"marker"`
	Payload   []byte `json:"payload"`

	Extensions []string `json:"extensions,omitempty"` // of the header, by their URIs
}

// extensions are those of RTP's header that a capture takes if they are offered: all that browsers know of, so that what they
// do not send is by their own choice, or the page's.
var extensions = []string{
	"urn:ietf:params:rtp-hdrext:ssrc-audio-level",
	"urn:ietf:params:rtp-hdrext:csrc-audio-level",
	"urn:ietf:params:rtp-hdrext:sdes:mid",
	"urn:ietf:params:rtp-hdrext:toffset",
	"urn:3gpp:video-orientation",
	"http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
	"http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
	"http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time",
	"http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
	"http://www.webrtc.org/experiments/rtp-hdrext/video-content-type",
	"http://www.webrtc.org/experiments/rtp-hdrext/video-timing",
	"http://www.webrtc.org/experiments/rtp-hdrext/color-space",
	"http://www.webrtc.org/experiments/rtp-hdrext/video-layers-allocation00",
	"https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension",
}

func takeExtensions(m *webrtc.MediaEngine) error {
	for _, uri := range extensions {
		for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo} {
			if err := m.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: uri}, kind); err != nil {
				return err
			}
		}
	}
	return nil
}

// capture answers the page's offer, and writes down every packet that comes, under the name in the query.
func (s *server) capture(p peer, q *http.Request) error {
	name := q.URL.Query().Get("name")
	var writing sync.WaitGroup
	defer writing.Wait()
	defer p.Close()
	p.OnTrack(func(t *webrtc.TrackRemote, r *webrtc.RTPReceiver) {
		writing.Go(func() {
			if err := s.record(p, t, r, name); err != nil {
				p.ws.CloseNow() // the page's side fails
			}
		})
	})
	return p.hear(func(m message) error {
		if m.Offer == "" {
			return errors.New("not a step of a capture")
		}
		if err := p.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: m.Offer}); err != nil {
			return err
		}
		answer, err := p.CreateAnswer(nil)
		if err != nil {
			return err
		}
		gathered := webrtc.GatheringCompletePromise(p.PeerConnection)
		if err := p.SetLocalDescription(answer); err != nil {
			return err
		}
		<-gathered
		return p.say(message{Answer: p.LocalDescription().SDP})
	})
}

func (s *server) record(p peer, t *webrtc.TrackRemote, r *webrtc.RTPReceiver, name string) error {
	f, err := s.file(name, t.Kind().String())
	if err != nil {
		return err
	}
	defer f.Close()
	out := json.NewEncoder(f)
	agreed := r.GetParameters().HeaderExtensions
	var asked time.Time
	for {
		packet, _, err := t.ReadRTP()
		if err != nil {
			return nil // the page has gone
		}
		l := line{Codec: t.Codec().MimeType, Sequence: packet.SequenceNumber, Timestamp: packet.Timestamp,
			Marker: packet.Marker, Payload: packet.Payload, Extensions: named(packet.GetExtensionIDs(), agreed)}
		if err := out.Encode(l); err != nil {
			return err
		}
		if now := time.Now(); t.Kind() == webrtc.RTPCodecTypeVideo && now.Sub(asked) > time.Second { // several key frames in a short capture
			asked = now
			p.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: uint32(t.SSRC())}})
		}
	}
}

// named gives the URIs of a packet's extensions.
func named(ids []uint8, agreed []webrtc.RTPHeaderExtensionParameter) (uris []string) {
	for _, id := range ids {
		at := slices.IndexFunc(agreed, func(e webrtc.RTPHeaderExtensionParameter) bool { return e.ID == int(id) })
		if at < 0 {
			uris = append(uris, fmt.Sprintf("number %d, which nobody agreed to", id))
		} else {
			uris = append(uris, agreed[at].URI)
		}
	}
	return uris
}
