package media

// Take agrees to a track that Apply refused, because nobody had decided on it by then; the next Describe asks the peer for
// it. False: the peer does not want to send there any more, or it is taken already.
func (c *Conn) Take(mid string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.byMID(mid)
	if c.expect(stageStable) != nil || s == nil || s.wanted || !s.peerSends {
		return false
	}
	s.wanted = true
	c.announce(s) // now, and not with the peer's answer: its first packet may come before that
	c.setGates()
	return true
}
