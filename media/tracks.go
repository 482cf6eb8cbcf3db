package media

import (
	"context"
	"fmt"
	"slices"
)

// attach puts a source into a section that fits it. Its goroutine waits for the gate.
func (c *Conn) attach(s *section, source Source) {
	r := ruleOf(source.Track().Codec)
	s.track.take(r)
	ctx := c.takeCtx(s.kind)
	run, stop := context.WithCancel(c.ctx)
	to := &sender{
		conn: c, sealer: c.cfg.Seal(ctx), layout: r.layout(), track: s.track, gate: newGate(), stop: stop,
		source: source, swapped: make(chan struct{}),
		clock: &sendClock{base: s.track.base},
		info:  StreamInfo{Ctx: ctx, MID: s.mid(), Kind: s.kind, Codec: r.codec},
	}
	s.sender = to // which may be taken away before its goroutine is there
	c.goDo(func() { to.run(run) })
}

// Streams lists what we send, in the order of the sections; known after Offer or Answer.
func (c *Conn) Streams() []StreamInfo {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []StreamInfo
	for _, s := range c.sections {
		if s.sender != nil {
			out = append(out, s.sender.stream())
		}
	}
	return out
}

// Untaken reports whether the peer has no section for something that we send, or takes nothing there. The next Describe
// asks it to. A codec that the peer does not have is no such case: that source has ended.
func (c *Conn) Untaken() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.ContainsFunc(c.sections, func(s *section) bool { return s.sends() && !s.sender.isRefused() && !s.takes() })
}

// Tracks lists what the peer was allowed to send.
func (c *Conn) Tracks() []TrackInfo {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []TrackInfo
	for _, s := range c.sections {
		if s.receiver != nil {
			out = append(out, s.receiver.track())
		}
	}
	return out
}

// trackInfo describes a track of the peer that nothing more is known of than how its frames are coded.
func trackInfo(r *rule, mid string) TrackInfo {
	return TrackInfo{MID: mid, Kind: r.kind, Codec: r.codec, ClockRate: int(r.rate), Channels: r.channels()}
}

// Start lets the sources be read and their frames sent as soon as the path is up. Nothing is sent before. Idempotent.
func (c *Conn) Start() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.started = true
	c.setGates()
}

// refreshGates is setGates for those who do not hold mu.
func (c *Conn) refreshGates() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.setGates()
}

// setGates says for every section which way frames may go now. Needs mu.
func (c *Conn) setGates() {
	flowing := c.started && c.ready.Load() && !c.held && c.stage == stageStable
	if flowing {
		c.originAt.CompareAndSwap(0, int64(c.elapsed())+1)
	}
	for _, s := range c.sections {
		if s.sender != nil {
			s.sender.gate.set(flowing && s.takes() && !s.sender.isMuted())
			s.sender.rest(s.sender.isMuted() || c.held)
		}
		if s.receiver != nil {
			s.receiver.allowed.Store(s.wanted && !c.held)
		}
	}
	c.progress.wake()
}

// AddTrack adds a source; it is sent after the next Describe, also where one is under way. The Conn owns it from now on.
func (c *Conn) AddTrack(source Source) (StreamInfo, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.expect(stageStable); err != nil {
		return StreamInfo{}, err
	}
	if len(c.usedCtx) >= maxContexts {
		return StreamInfo{}, fmt.Errorf("%w: a connection has %d streams in its life: mute or replace a track, and do not add one anew",
			ErrDescription, maxContexts)
	}
	if err := c.checkSources([]Source{source}); err != nil {
		return StreamInfo{}, err
	}
	s := c.idleSection(ruleOf(source.Track().Codec))
	if s == nil {
		if len(c.sections) >= maxSections-1 {
			return StreamInfo{}, fmt.Errorf("%w: %d tracks", ErrDescription, len(c.sections))
		}
		var err error
		if s, err = c.addSection(source.Track().Kind, c.nextMID()); err != nil {
			return StreamInfo{}, err
		}
	}
	c.attach(s, source)
	s.negotiated = false // the peer has agreed to an older state of the section: it would have no receiver for this
	c.setGates()
	return s.sender.stream(), nil
}

// ReplaceTrack swaps the source of a stream for another of the same codec, without a Describe. The old one is closed; closed
// gets the outcome, which ReplaceTrack does not wait for.
func (c *Conn) ReplaceTrack(ctx uint16, source Source) (closed <-chan error, err error) {
	s, err := c.sending(ctx)
	if err != nil {
		return nil, err
	}
	if err := c.checkSources([]Source{source}); err != nil {
		return nil, err
	}
	if !s.track.fits(ruleOf(source.Track().Codec)) {
		return nil, fmt.Errorf("%w: a stream keeps its codec for life", ErrCodec)
	}
	closed, ok := s.replace(source)
	if !ok {
		return nil, errNoStream // it was removed meanwhile
	}
	return closed, nil
}

// RemoveTrack ends a stream at once; the next Describe tells the peer. Its source is closed; closed gets the outcome, which
// RemoveTrack does not wait for. A device can be opened anew when it is there.
func (c *Conn) RemoveTrack(ctx uint16) (closed <-chan error, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stage == stageClosed {
		return nil, ErrClosed
	}
	s := c.byCtx(ctx)
	if s == nil {
		return nil, errNoStream
	}
	removed := s.sender
	s.sender = nil
	return removed.end(), nil
}

// SetMuted stops reading the source of a stream, which stays open, or goes on with it.
func (c *Conn) SetMuted(ctx uint16, muted bool) error {
	s, err := c.sending(ctx)
	if err != nil {
		return err
	}
	s.setMuted(muted)
	c.refreshGates()
	return nil
}

var errNoStream = fmt.Errorf("%w: no such stream", ErrState)

// sending finds what sends a stream. It may be removed as soon as mu is free, and does no harm then.
func (c *Conn) sending(ctx uint16) (*sender, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stage == stageClosed {
		return nil, ErrClosed
	}
	if s := c.byCtx(ctx); s != nil {
		return s.sender, nil
	}
	return nil, errNoStream
}

// ForceKeyFrames asks for a key frame on every video track in both directions, as after a change of keys: our own sources
// at once, the peer by RequestKeyFrames. The rate is limited.
func (c *Conn) ForceKeyFrames() {
	c.mu.Lock()
	for _, s := range c.sections {
		if s.sender != nil {
			s.sender.forceKey()
		}
	}
	c.mu.Unlock()
	c.RequestKeyFrames()
}

// RequestKeyFrames asks the peer for a key frame of every video track that it sends, at a limited rate.
func (c *Conn) RequestKeyFrames() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.sections {
		if s.receiver != nil && s.kind == Video {
			s.receiver.askKeyNow()
		}
	}
}
