package media

import "time"

// forceKey asks the source for a key frame, if it can make one; not more often than keyInterval.
func (s *sender) forceKey() {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if s.track.kind != Video || !s.lastKey.IsZero() && now.Sub(s.lastKey) < keyInterval {
		return
	}
	if k, ok := s.source.(KeyFramer); ok {
		s.lastKey = now
		k.ForceKeyFrame()
	}
}

// replace swaps the source and closes the old one; false where the stream is over.
func (s *sender) replace(source Source) (closed <-chan error, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return nil, false
	}
	closed = s.conn.release(s.source)
	s.source, s.fresh, s.ended = source, true, false
	if m, ok := source.(Muter); ok && s.resting {
		m.SetMuted(true)
	}
	close(s.swapped)
	s.swapped = make(chan struct{})
	s.gate.kick()
	return closed, true
}

// name sets the media section once it is known.
func (s *sender) name(mid string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.info.MID = mid
}

// stream is what the peer is told about it.
func (s *sender) stream() StreamInfo {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.info
}

func (s *sender) setMuted(muted bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.muted = muted
}

// rest tells the source, if it wants to know, that it is not read because the track is muted or on hold, or that it is
// again.
func (s *sender) rest(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.resting == on {
		return
	}
	s.resting = on
	if m, ok := s.source.(Muter); ok {
		m.SetMuted(on)
	}
}

func (s *sender) isRefused() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refused
}

// refuse ends a stream whose codec the peer does not have. It reports true once.
func (s *sender) refuse() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.refused
	s.refused, s.ended = true, true
	return !was
}

func (s *sender) isMuted() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.muted
}

// end stops the stream for good, and closes its source.
func (s *sender) end() (closed <-chan error) {
	s.stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	return s.conn.release(s.source)
}
