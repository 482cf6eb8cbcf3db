package main

import (
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp/codecs"
	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media"
	"github.com/pion/webrtc/v4/pkg/media/ivfreader"
	"github.com/pion/webrtc/v4/pkg/media/oggreader"
	"github.com/pion/webrtc/v4/pkg/media/samplebuilder"

	"github.com/sotto-calls/sotto/examples/browsercall/internal/lossy"
	"github.com/sotto-calls/sotto/examples/internal/clip"
)

func defaultInterceptors(m *webrtc.MediaEngine) (*interceptor.Registry, error) {
	r := &interceptor.Registry{}
	return r, webrtc.RegisterDefaultInterceptors(m, r)
}

// call rings the page: it sends an offer and its candidates at once, plays the clip when the connection is up, and takes
// what the page sends.
func (s *server) call(p peer, _ *http.Request) error {
	video, err := p.play("video", webrtc.MimeTypeVP8, playVideo)
	if err != nil {
		return err
	}
	audio, err := p.play("audio", webrtc.MimeTypeOpus, playAudio)
	if err != nil {
		return err
	}
	p.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		if state == webrtc.PeerConnectionStateConnected {
			go video()
			go audio()
		}
	})
	var seen lossy.Freezes
	p.OnTrack(func(t *webrtc.TrackRemote, _ *webrtc.RTPReceiver) { p.take(t, &seen) })
	p.OnICECandidate(func(c *webrtc.ICECandidate) {
		if c != nil {
			init := c.ToJSON()
			p.say(message{Candidate: &init})
		}
	})
	offer, err := p.CreateOffer(nil)
	if err != nil {
		return err
	}
	if err := p.say(message{Offer: offer.SDP}); err != nil {
		return err
	}
	if err := p.SetLocalDescription(offer); err != nil {
		return err
	}
	return p.hear(func(m message) error {
		if !m.Ask {
			return errors.New("not a step of a call")
		}
		f := seen.Total(time.Now())
		return p.say(message{Freeze: &f})
	})
}

// play adds a track; what it returns plays it until the connection ends.
func (p peer) play(name, mime string, f func(*webrtc.TrackLocalStaticSample, <-chan struct{}) error) (func(), error) {
	t, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: mime}, name, "clip")
	if err != nil {
		return nil, err
	}
	sender, err := p.AddTrack(t)
	if err != nil {
		return nil, err
	}
	go func() { // reports are read so that interceptors see them
		for b := make([]byte, 1500); ; {
			if _, _, err := sender.Read(b); err != nil {
				return
			}
		}
	}()
	return func() { _ = f(t, p.ctx.Done()) }, nil // it ends with the connection: that is no failure
}

// paced calls f at the end of each period, again and again.
func paced(period time.Duration, end <-chan struct{}, f func() error) error {
	tick := time.NewTicker(period)
	defer tick.Stop()
	for {
		if err := f(); err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-end:
			return nil
		}
	}
}

func playVideo(t *webrtc.TrackLocalStaticSample, end <-chan struct{}) error {
	const period = time.Second / 30
	var r *ivfreader.IVFReader
	return paced(period, end, func() error {
		for range 2 {
			if r != nil {
				frame, _, err := r.ParseNextFrame()
				if err == nil {
					return t.WriteSample(media.Sample{Data: frame, Duration: period})
				}
				if !errors.Is(err, io.EOF) {
					return err
				}
			}
			var err error
			if r, _, err = ivfreader.NewWith(clip.Video()); err != nil {
				return err
			}
		}
		return errors.New("an empty clip")
	})
}

func playAudio(t *webrtc.TrackLocalStaticSample, end <-chan struct{}) error {
	packets, err := opusPackets()
	if err != nil {
		return err
	}
	const period = 20 * time.Millisecond
	n := 0
	return paced(period, end, func() error {
		n++
		return t.WriteSample(media.Sample{Data: packets[n%len(packets)], Duration: period})
	})
}

// opusPackets are the clip's, each of the same size: pages of Ogg hold several.
func opusPackets() (all [][]byte, err error) {
	r, _, err := oggreader.NewWith(clip.Audio())
	if err != nil {
		return nil, err
	}
	const size = 80
	for {
		page, _, err := r.ParseNextPage()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		for ; len(page)%size == 0 && len(page) > 0; page = page[size:] {
			all = append(all, page[:size])
		}
	}
}

// take puts frames together as they come, and asks for a key frame where some are lost for good.
func (p peer) take(t *webrtc.TrackRemote, seen *lossy.Freezes) {
	frames := samplebuilder.New(512, &codecs.VP8Packet{}, 90000, samplebuilder.WithMaxTimeDelay(800*time.Millisecond))
	broken := false
	var asked time.Time
	for {
		packet, _, err := t.ReadRTP()
		if err != nil {
			return
		}
		if t.Kind() != webrtc.RTPCodecTypeVideo {
			continue
		}
		frames.Push(packet)
		for s := frames.Pop(); s != nil; s = frames.Pop() {
			key := len(s.Data) > 0 && s.Data[0]&1 == 0
			broken = (broken || s.PrevDroppedPackets > 0) && !key
			if !broken {
				seen.Frame(time.Now())
			} else if now := time.Now(); now.Sub(asked) > 400*time.Millisecond {
				asked = now
				p.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: uint32(t.SSRC())}})
			}
		}
	}
}
