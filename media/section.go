package media

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/pion/webrtc/v4"
)

// A section is one m= section of audio or video. To the layer below it always has a track to send and a receiver, and
// always the direction sendrecv: which way media may flow is decided here, written into the SDP that the peer gets, and
// read from the SDP that it sends. So holding, muting, adding and removing never stop anything below that could not be
// started again.
type section struct {
	kind        Kind
	transceiver *webrtc.RTPTransceiver
	rtpSender   *webrtc.RTPSender
	track       *localTrack
	sender      *sender   // nil while nothing is sent here
	offered     *sender   // what our last description said that is sent
	receiver    *receiver // nil until the peer was first allowed to send

	wanted     bool // we take what the peer sends
	asked      bool // our last description said so
	announced  bool // the owner knows of a track of the peer
	known      bool // a description of the peer has named the section
	stale      bool // a negotiation that did not name the section may have bound its track below
	negotiated bool // both sides know the section and what is sent in it
	streamed   bool // a description of the peer has said that it sends here
	peerSends  bool // by the last one
	peerTakes  bool
	codecs     []*rule // what both sides know, in the order of the answer
}

func (s *section) mid() string { return s.transceiver.Mid() }

// unused reports whether our offers need not name the section: only an offer that was refused has named it to the peer. To
// the layer below it stays; AddTrack takes it again.
func (s *section) unused() bool { return !s.known && s.sender == nil && !s.wanted }

// takes reports whether frames of what is sent here can be sent now, as far as the descriptions go.
func (s *section) takes() bool { return s.negotiated && s.peerTakes && !s.sender.isRefused() }

// common lists what was negotiated of a section's formats.
func (s *section) common(line sectionLine) (out []*rule) {
	negotiated := s.rtpSender.GetParameters().Codecs
	for _, format := range line.formats {
		i := slices.IndexFunc(negotiated, func(c webrtc.RTPCodecParameters) bool { return fmt.Sprint(c.PayloadType) == format })
		if i < 0 {
			continue
		}
		if r := ruleOfMIME(negotiated[i].MimeType); r != nil && r.kind == s.kind && !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	return out
}

// expects describes what the peer will probably send here: the first of what both know. Its packets say what it is.
func (s *section) expects() TrackInfo {
	if len(s.codecs) > 0 {
		return trackInfo(s.codecs[0], s.mid())
	}
	return trackInfo(defaultRules[s.kind], s.mid())
}

// newTrack makes the sending half. Where sequence numbers and timestamps start is random (RFC 3550, section 5.1).
func (c *Conn) newTrack(kind Kind) *localTrack {
	var b [6]byte
	rand.Read(b[:])
	c.tracks++
	id := fmt.Sprintf("%s-%d", kind, c.tracks)
	// The highest bit is left free, so that extended sequence numbers never start next to a wrap.
	t := newLocalTrack(kind, id, binary.BigEndian.Uint16(b[:2])&0x7fff, binary.BigEndian.Uint32(b[2:]))
	t.red = c.cfg.Settings.RED
	return t
}

// announce tells the owner when the peer begins to send what we take, and when it ends that.
func (c *Conn) announce(s *section) {
	there := s.wanted && s.peerSends
	if there == s.announced {
		return
	}
	s.announced = there
	if s.receiver == nil {
		s.receiver = c.newReceiver(s)
	}
	if there {
		c.notify(TrackAdded{Track: s.receiver.track()})
	} else {
		c.notify(TrackEnded{Track: s.receiver.track()})
	}
}

// addSection makes a section for the next offer. mid is empty for the layer below to choose.
func (c *Conn) addSection(kind Kind, mid string) (*section, error) {
	track := c.newTrack(kind)
	t, err := c.pc.AddTransceiverFromTrack(track)
	if err != nil {
		return nil, fmt.Errorf("media: adding a section: %w", err)
	}
	if mid != "" {
		if err := t.SetMid(mid); err != nil {
			return nil, fmt.Errorf("media: adding a section: %w", err)
		}
	}
	s := &section{kind: kind, transceiver: t, rtpSender: t.Sender(), track: track}
	c.sections = append(c.sections, s)
	c.readRTCP(s)
	return s, nil
}

// adoptSections gives each new section of the peer's description its sending half.
func (c *Conn) adoptSections(d *description) error {
	for _, line := range d.sections {
		if line.kind == 0 || c.byMID(line.mid) != nil {
			continue
		}
		track := c.newTrack(line.kind)
		rtpSender, err := c.pc.AddTrack(track)
		if err != nil {
			return fmt.Errorf("media: answering a section: %w", err)
		}
		for _, t := range c.pc.GetTransceivers() {
			if t.Sender() == rtpSender {
				s := &section{kind: line.kind, transceiver: t, rtpSender: rtpSender, track: track}
				c.sections = append(c.sections, s)
				c.readRTCP(s)
			}
		}
		if c.byMID(line.mid) == nil {
			return fmt.Errorf("%w: section %q", ErrDescription, line.mid)
		}
	}
	return nil
}

func (c *Conn) byMID(mid string) *section {
	for _, s := range c.sections {
		if mid != "" && s.mid() == mid {
			return s
		}
	}
	return nil
}

func (c *Conn) byCtx(ctx uint16) *section {
	for _, s := range c.sections {
		if s.sender != nil && s.sender.info.Ctx == ctx {
			return s
		}
	}
	return nil
}

// maxContexts is how many streams a member may declare in a call (docs/PROTOCOL.md, section 7).
const maxContexts = 64

// takeCtx returns the context for another stream: by custom 0 audio, 1 camera, 2 screen, 3 screen audio, then in order. One
// that was used is never used again, since its counter must not restart.
func (c *Conn) takeCtx(kind Kind) uint16 {
	order := []uint16{0, 3}
	if kind == Video {
		order = []uint16{1, 2}
	}
	for _, ctx := range order {
		if !c.usedCtx[ctx] {
			c.usedCtx[ctx] = true
			return ctx
		}
	}
	ctx := uint16(4)
	for c.usedCtx[ctx] {
		ctx++
	}
	c.usedCtx[ctx] = true
	return ctx
}
