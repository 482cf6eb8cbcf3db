package store

import "time"

// sweepEvery is how long dead packets may lie about in a busy store without a call to Sweep.
const sweepEvery = 5 * time.Second

// Sweep drops packets, readers and mailboxes whose time is over. A relay calls it every few seconds.
func (s *Store) Sweep(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep(now)
}

func (s *Store) sweepSometimes(now time.Time) {
	if now.Sub(s.swept) >= sweepEvery {
		s.sweep(now)
	}
}

func (s *Store) sweep(now time.Time) {
	s.swept = now
	s.unclaimed.prune(now)
	for address, b := range s.boxes {
		s.bytes -= b.prune(now)
		s.bytes -= b.forgetReaders(now)
		if b.attached() == 0 && now.Sub(b.left) >= b.keep {
			s.remove(address, b)
		}
	}
}
