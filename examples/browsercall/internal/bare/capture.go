package main

import (
	"encoding/json"
	"errors"
	"net/http"
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
}

// capture answers the page's offer, and writes down every packet that comes, under the name in the query.
func (s *server) capture(p peer, q *http.Request) error {
	name := q.URL.Query().Get("name")
	var writing sync.WaitGroup
	defer writing.Wait()
	defer p.Close()
	p.OnTrack(func(t *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		writing.Go(func() {
			if err := s.record(p, t, name); err != nil {
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

func (s *server) record(p peer, t *webrtc.TrackRemote, name string) error {
	f, err := s.file(name, t.Kind().String())
	if err != nil {
		return err
	}
	defer f.Close()
	out := json.NewEncoder(f)
	var asked time.Time
	for {
		packet, _, err := t.ReadRTP()
		if err != nil {
			return nil // the page has gone
		}
		l := line{Codec: t.Codec().MimeType, Sequence: packet.SequenceNumber, Timestamp: packet.Timestamp,
			Marker: packet.Marker, Payload: packet.Payload}
		if err := out.Encode(l); err != nil {
			return err
		}
		if now := time.Now(); t.Kind() == webrtc.RTPCodecTypeVideo && now.Sub(asked) > time.Second { // several key frames in a short capture
			asked = now
			p.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: uint32(t.SSRC())}})
		}
	}
}
