package media

import "fmt"

// Describe makes a description that tells the peer what changed: tracks added, replaced or removed, Hold; with restart
// ICE starts anew. The peer's answer goes to Described. ErrState while another one is under way.
func (c *Conn) Describe(restart bool) (offer string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.expect(stageStable); err != nil {
		return "", err
	}
	if c.offer != "" {
		return "", ErrState
	}
	if offer, err = c.createOffer(restart); err != nil {
		return "", err
	}
	c.nameStreams()
	return offer, nil
}

// Described takes the peer's answer to Describe. ErrState if the Describe was dropped because descriptions crossed.
func (c *Conn) Described(answer string, want [32]byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.expect(stageStable); err != nil {
		return err
	}
	if c.offer == "" {
		return ErrState
	}
	return c.takeAnswer(answer, want)
}

// Forget drops a Describe that will not be answered, as when the message was lost for good.
func (c *Conn) Forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stage == stageStable {
		c.offer = ""
	}
}

// A RefusedTrack is one that Refused has ended.
type RefusedTrack struct {
	StreamInfo
	Closed <-chan error // gets what the source's Close returned
}

// Refused drops a Describe that the peer refused or that could not be made, and ends the tracks that were to be added with
// it: their sources are closed, which it does not wait for, and our next description does not name them. It returns what they
// were.
func (c *Conn) Refused() (gone []RefusedTrack) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stage != stageStable {
		return nil
	}
	c.offer = ""
	for _, s := range c.sections {
		if s.sender != nil && s.sender == s.offered && !s.negotiated {
			gone = append(gone, RefusedTrack{s.sender.stream(), s.sender.end()})
			s.sender, s.wanted = nil, s.wanted && s.known
		}
	}
	return gone
}

// Propose reads a description of the peer and changes nothing: what would Apply do? Its errors are those of Apply.
func (c *Conn) Propose(offer string, want [32]byte) (Proposal, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	d, err := c.proposed(offer, want)
	if err != nil {
		return Proposal{}, err
	}
	p := Proposal{Restart: d.ufrag != c.candidates.ufrag, Hold: d.holds()}
	for _, line := range d.sections {
		if c.isNew(line) {
			p.New = append(p.New, trackInfo(defaultRules[line.kind], line.mid))
		}
	}
	return p, nil
}

// isNew reports whether the peer wants to send where nobody agreed to that yet.
func (c *Conn) isNew(line sectionLine) bool {
	s := c.byMID(line.mid)
	return line.kind != 0 && line.sends && (s == nil || !s.wanted)
}

// Apply takes a description of the peer and makes the answer. accept decides on each track that is new (Proposal.New) and
// may take its time; nil refuses them all. When descriptions cross, the callee drops its own Describe (make it again
// after), and the caller returns ErrGlare.
func (c *Conn) Apply(offer string, want [32]byte, accept func(TrackInfo) bool) (answer string, err error) {
	proposal, err := c.Propose(offer, want)
	if err != nil {
		return "", err
	}
	agreed := map[string]bool{}
	for _, track := range proposal.New { // nothing is locked while somebody thinks about it
		agreed[track.MID] = accept != nil && accept(track)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	d, err := c.proposed(offer, want)
	if err != nil {
		return "", err
	}
	c.offer = ""
	if err := c.setRemoteOffer(d); err != nil {
		return "", err
	}
	for mid, yes := range agreed {
		if s := c.byMID(mid); s != nil && yes {
			s.wanted = true
		}
	}
	return c.giveAnswer(d)
}

// proposed checks that an offer of the peer can be applied now.
func (c *Conn) proposed(offer string, want [32]byte) (*description, error) {
	if err := c.expect(stageStable); err != nil {
		return nil, err
	}
	if c.offer != "" && !c.cfg.Callee {
		return nil, ErrGlare
	}
	return c.readOffer(offer, want)
}

// Hold stops everything in both directions, or goes on; the next Describe tells the peer.
func (c *Conn) Hold(on bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stage == stageClosed {
		return ErrClosed
	}
	c.held = on
	c.setGates()
	return nil
}

// SetICEServers replaces the servers, as when their credentials were renewed; used from the next ICE restart on.
func (c *Conn) SetICEServers(servers []ICEServer) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stage == stageClosed {
		return ErrClosed
	}
	settings := c.cfg.Settings
	settings.ICEServers = servers
	if err := settings.validate(); err != nil {
		return err
	}
	if err := c.pc.SetConfiguration(settings.configuration(c.cfg.Certificate)); err != nil {
		return fmt.Errorf("media: ICE servers: %w", err)
	}
	c.cfg.Settings.ICEServers = servers
	return nil
}
