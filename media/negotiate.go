package media

import (
	"fmt"
	"slices"

	"github.com/pion/webrtc/v4"
)

// Offer is the caller's first description: send are the sources in the order of their importance, receive what the peer
// may send. Nothing is gathered and no candidate exists before Accept. The Conn owns the sources from now on and closes
// them when it is closed or they are removed.
func (c *Conn) Offer(send []Source, receive Kinds) (offer string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.expect(stageNew); err != nil {
		return "", err
	}
	if err := c.checkSources(send); err != nil {
		return "", err
	}
	for _, source := range send {
		s, err := c.addSection(source.Track().Kind, "")
		if err != nil {
			return "", err
		}
		s.wanted = receive.has(s.kind)
		c.attach(s, source)
	}
	for _, kind := range []Kind{Audio, Video} {
		if receive.has(kind) && !c.hasSection(kind) {
			s, err := c.addSection(kind, "")
			if err != nil {
				return "", err
			}
			s.wanted = true
		}
	}
	if offer, err = c.createOffer(false); err != nil {
		return "", err
	}
	c.stage = stageOffered
	c.nameStreams()
	return offer, nil
}

// Accept is the caller's second step: the peer's answer, whose one fingerprint must be want. Gathering starts.
func (c *Conn) Accept(answer string, want [32]byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.expect(stageOffered); err != nil {
		return err
	}
	return c.takeAnswer(answer, want)
}

// Answer is the callee's first and only step; gathering starts. Tracks of the peer whose kind is not in receive are
// refused. Sources for which the offer has no section wait for the next Describe.
func (c *Conn) Answer(offer string, want [32]byte, send []Source, receive Kinds) (answer string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.expect(stageNew); err != nil {
		return "", err
	}
	d, err := c.readOffer(offer, want)
	if err != nil {
		return "", err
	}
	if err := c.checkSources(send); err != nil {
		return "", err
	}
	if err := c.setRemoteOffer(d); err != nil {
		return "", err
	}
	for _, line := range d.sections {
		if s := c.byMID(line.mid); s != nil {
			s.wanted = line.sends && receive.has(s.kind)
		}
	}
	for _, source := range send {
		s := c.idleSection(ruleOf(source.Track().Codec))
		if s == nil {
			if s, err = c.addSection(source.Track().Kind, c.nextMID()); err != nil {
				return "", err
			}
			s.wanted = receive.has(s.kind)
		}
		c.attach(s, source)
	}
	return c.giveAnswer(d)
}

// expect checks the stage.
func (c *Conn) expect(want stage) error {
	if c.stage == stageClosed {
		return ErrClosed
	}
	if c.stage != want || want == stageNew && len(c.sections) > 0 {
		return ErrState
	}
	return nil
}

// checkSources refuses what cannot be carried sealed.
func (c *Conn) checkSources(send []Source) error {
	for i, source := range send {
		if source == nil {
			return fmt.Errorf("%w: source %d is nil", ErrCodec, i)
		}
		info := source.Track()
		if r := ruleOf(info.Codec); r == nil || r.kind != info.Kind || !slices.Contains(c.cfg.Settings.rules(), r) {
			return fmt.Errorf("%w: source %d is %s in %q, which is none of %v and %v", ErrCodec, i, info.Kind, info.Codec,
				codecsOf(Audio), c.cfg.Settings.codecs())
		}
	}
	if len(send) > maxSections-1 {
		return fmt.Errorf("%w: %d sources", ErrDescription, len(send))
	}
	return nil
}

// createOffer makes a description of ours and keeps it until it is answered. The layer below is told that it is in force
// only then: so nothing is gathered before, and there is nothing to roll back when descriptions cross.
func (c *Conn) createOffer(restart bool) (string, error) {
	c.noteOurs()
	offer, err := c.pc.CreateOffer(&webrtc.OfferOptions{ICERestart: restart})
	if err != nil {
		return "", fmt.Errorf("media: offer: %w", err)
	}
	d, err := c.readOurs(offer.SDP)
	if err != nil {
		return "", err
	}
	d.without(func(line sectionLine) bool {
		s := c.byMID(line.mid)
		return s != nil && s.unused()
	})
	text, err := c.writeOurs(d, "actpass", func(s *section) (sends, receives bool) {
		return s.sends() && !c.held, s.wanted && !c.held
	})
	if err != nil {
		return "", err
	}
	c.offer, c.offered = offer.SDP, d.names()
	return text, nil
}

// sends reports whether there is something to send.
func (s *section) sends() bool { return s.sender != nil }

// noteOurs remembers what a description of ours says: things may change before it is in force.
func (c *Conn) noteOurs() {
	for _, s := range c.sections {
		s.offered, s.asked = s.sender, s.wanted && !c.held
	}
}

// readOurs takes a description apart that the layer below made, and checks that it says what it must and nothing else. Of
// what it names, the peer may be told less, so it may be longer than one that is sent.
func (c *Conn) readOurs(text string) (*description, error) {
	d, err := readDescription(text, c.cfg.Settings.rules(), len(c.sections)+1)
	if err != nil {
		return nil, fmt.Errorf("media: a description of ours: %w", err)
	}
	if d.fingerprint != c.cfg.Certificate.Fingerprint() {
		return nil, fmt.Errorf("media: a description of ours: %w", ErrFingerprint)
	}
	c.ufrag = d.ufrag
	return d, nil
}

// writeOurs renders a description of ours for the peer.
func (c *Conn) writeOurs(d *description, setup string, direction func(*section) (sends, receives bool)) (string, error) {
	return d.write(setup, func(_ int, line sectionLine) (bool, bool) {
		s := c.byMID(line.mid)
		if s == nil {
			return false, false
		}
		return direction(s)
	})
}

// readOffer checks an offer of the peer.
func (c *Conn) readOffer(offer string, want [32]byte) (*description, error) {
	d, err := parseDescription(offer, c.cfg.Settings.rules())
	if err != nil {
		return nil, err
	}
	if d.fingerprint != want {
		return nil, ErrFingerprint
	}
	if d.setup != "actpass" {
		return nil, fmt.Errorf("%w: an offer's setup must be actpass", ErrDescription)
	}
	return d, c.sameSections(d, false)
}

// readAnswer checks an answer of the peer: its DTLS role is decided by who called whom.
func (c *Conn) readAnswer(answer string, want [32]byte) (*description, error) {
	d, err := parseDescription(answer, c.cfg.Settings.rules())
	if err != nil {
		return nil, err
	}
	if d.fingerprint != want {
		return nil, ErrFingerprint
	}
	if d.setup != c.peerSetup() {
		return nil, fmt.Errorf("%w: an answer's setup must be %s here", ErrDescription, c.peerSetup())
	}
	return d, c.sameSections(d, true)
}

// peerSetup is the peer's DTLS role: the callee is the client.
func (c *Conn) peerSetup() string {
	if c.cfg.Callee {
		return "passive"
	}
	return "active"
}

func (c *Conn) ownSetup() string {
	if c.cfg.Callee {
		return "active"
	}
	return "passive"
}
