package media

import (
	"fmt"
	"slices"

	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"
)

// sameSections checks that the peer's sections are those negotiated before, in their order, followed by new ones; or, in
// an answer, exactly those of our offer.
func (c *Conn) sameSections(d *description, answer bool) error {
	ours, theirs := c.agreed, d.names()
	if answer {
		ours = c.offered
	}
	if len(theirs) < len(ours) || answer && len(theirs) != len(ours) {
		return fmt.Errorf("%w: %d sections where %d are known", ErrDescription, len(theirs), len(ours))
	}
	for i, known := range ours {
		if theirs[i] != known {
			return fmt.Errorf("%w: section %d changed its name or kind", ErrDescription, i)
		}
	}
	for _, s := range d.sections[len(ours):] {
		if c.byMID(s.mid) != nil {
			return fmt.Errorf("%w: a new section has a name of ours", ErrDescription)
		}
	}
	return nil
}

// below renders a description of the peer for the layer below: a section whose streams have ever been sent may send them, and
// every one takes ours. It is never told to stop anything, see section. Nor is it told to receive before the peer sends: it
// looks once at what a section names, and Firefox names the stream of repairs (RTX) when it sends, the other one always. A
// section that names no stream gets one that is never used: below, a section without any would make a new track of every
// stream that the peer invents.
func (c *Conn) below(d *description) (string, error) {
	for i, m := range d.session.MediaDescriptions {
		if !d.sections[i].ssrcs {
			m.Attributes = append(m.Attributes, sdp.Attribute{Key: "ssrc", Value: "1 cname:none"})
		}
	}
	return d.write(d.setup, func(_ int, line sectionLine) (sends, receives bool) {
		s := c.byMID(line.mid)
		return line.ssrcs && (line.sends || s != nil && s.streamed), true
	})
}

// setRemoteOffer puts the peer's offer in force below and makes our half of its new sections.
func (c *Conn) setRemoteOffer(d *description) error {
	text, err := c.below(d)
	if err != nil {
		return err
	}
	if err := c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: text}); err != nil {
		return fmt.Errorf("%w: %w", ErrDescription, err)
	}
	return c.adoptSections(d)
}

// giveAnswer makes our answer to d and puts it in force: gathering starts if it has not.
func (c *Conn) giveAnswer(d *description) (string, error) {
	answer, err := c.pc.CreateAnswer(nil)
	if err != nil {
		return "", fmt.Errorf("media: answer: %w", err)
	}
	lines := map[string]sectionLine{}
	for _, line := range d.sections {
		lines[line.mid] = line
	}
	ours, err := c.readOurs(answer.SDP)
	if err != nil {
		return "", err
	}
	text, err := c.writeOurs(ours, c.ownSetup(), func(s *section) (sends, receives bool) {
		peer := lines[s.mid()]
		return s.sends() && peer.receives && !c.held, s.wanted && peer.sends && !c.held
	})
	if err != nil {
		return "", err
	}
	if err := c.pc.SetLocalDescription(answer); err != nil {
		return "", fmt.Errorf("media: answer: %w", err)
	}
	c.stage = stageStable
	c.noteOurs()
	c.settle(d, false)
	return text, nil
}

// takeAnswer puts our offer and the peer's answer in force.
func (c *Conn) takeAnswer(answer string, want [32]byte) error {
	d, err := c.readAnswer(answer, want)
	if err != nil {
		return err
	}
	text, err := c.below(d)
	if err != nil {
		return err
	}
	if err := c.pc.SetLocalDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: c.offer}); err != nil {
		return fmt.Errorf("media: offer: %w", err)
	}
	c.offer = ""
	if err := c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: text}); err != nil {
		return fmt.Errorf("%w: %w", ErrDescription, err)
	}
	c.stage = stageStable
	c.settle(d, true)
	return nil
}

// settle takes over what the peer's description says, once both are in force. That it holds, or does not send what it was not
// asked for, does not end a track.
func (c *Conn) settle(d *description, answer bool) {
	c.nameStreams()
	c.agreed = d.names()
	held := d.holds()
	for _, line := range d.sections {
		s := c.byMID(line.mid)
		if s == nil {
			continue
		}
		c.rebind(s, line)
		if !s.known && !line.sends {
			s.wanted = false // what the peer does not send at first it has to ask for
		}
		s.known, s.peerSends, s.peerTakes = true, line.sends, line.receives
		s.streamed = s.streamed || line.sends
		s.negotiated = s.sender == nil || s.sender == s.offered
		s.codecs = s.common(line)
		c.checkCodec(s)
		if !held && (s.asked || !answer) {
			c.announce(s)
		}
	}
	for _, s := range c.sections {
		s.stale = !s.known
	}
	c.described(d)
	c.setGates()
}

// rebind binds the track of a section anew if the peer names other payload types than it is bound to, and if the section has
// just become known and was bound before: what the payload types stand for may have been decided since.
func (c *Conn) rebind(s *section, line sectionLine) {
	if other := s.track != nil && s.track.takesTypes(line.formats); !other && !s.stale {
		return
	}
	if err := s.rtpSender.ReplaceTrack(s.track); err != nil {
		c.log.Debug("track not bound", "mid", s.mid(), "error", err)
	}
}

// checkCodec tells the owner of a source whose codec the peer does not have.
func (c *Conn) checkCodec(s *section) {
	if s.sender == nil || slices.ContainsFunc(s.codecs, func(r *rule) bool { return s.track.fits(r) }) || !s.sender.refuse() {
		return
	}
	var names []Codec
	for _, r := range s.codecs {
		names = append(names, r.codec)
	}
	info := s.sender.stream()
	c.notify(SourceEnded{Ctx: info.Ctx, MID: info.MID, Err: fmt.Errorf("%w: the peer takes %v and not %s", ErrCodec, names, info.Codec)})
}

// nameStreams fills in the mids that are known by now.
func (c *Conn) nameStreams() {
	for _, s := range c.sections {
		if s.sender != nil {
			s.sender.name(s.mid())
		}
	}
}

// nextMID names a section that is added after the first description. Caller and callee never choose the same name.
func (c *Conn) nextMID() string {
	c.named++
	if c.cfg.Callee {
		return fmt.Sprintf("b%d", c.named)
	}
	return fmt.Sprintf("a%d", c.named)
}

func (c *Conn) hasSection(kind Kind) bool {
	for _, s := range c.sections {
		if s.kind == kind {
			return true
		}
	}
	return false
}

// idleSection is the first section that sends nothing yet and may send a codec.
func (c *Conn) idleSection(r *rule) *section {
	for _, s := range c.sections {
		if s.kind == r.kind && s.sender == nil && s.track.fits(r) {
			return s
		}
	}
	return nil
}
