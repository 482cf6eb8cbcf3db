package jitter

// A sound holds decoded samples that wait to be played, and behind them what was played last: concealment and changes of
// speed look back on it. All counts are of samples of one channel.
type sound struct {
	buf      []int16
	channels int
	past     int // samples kept behind head
	head     int // played next
	end      int
}

func newSound(channels, past, most int) sound {
	return sound{buf: make([]int16, (past+most)*channels), channels: channels, past: past}
}

func (s *sound) ready() int { return s.end - s.head }

// from is the samples from index i to the end.
func (s *sound) from(i int) []int16 { return s.buf[i*s.channels : s.end*s.channels] }

// room makes place for n samples at the end and returns it.
func (s *sound) room(n int) []int16 {
	if (s.end+n)*s.channels > len(s.buf) {
		first := max(s.head-s.past, 0)
		copy(s.buf, s.from(first))
		s.head, s.end = s.head-first, s.end-first
	}
	s.end += n
	return s.buf[(s.end-n)*s.channels : s.end*s.channels]
}

func (s *sound) append(pcm []int16) { copy(s.room(len(pcm)/s.channels), pcm) }

// take moves the next samples to dst, as many as there are, and returns how many.
func (s *sound) take(dst []int16) int {
	n := copy(dst, s.from(s.head)) / s.channels
	s.head += n
	return n
}

// drop forgets what waits.
func (s *sound) drop() { s.end = s.head }

// clear forgets what was played too.
func (s *sound) clear() { s.head, s.end = 0, 0 }

// remove takes n samples out, at samples after the next one.
func (s *sound) remove(at, n int) {
	copy(s.from(s.head+at), s.from(s.head+at+n))
	s.end -= n
}

// insert puts samples before the next one.
func (s *sound) insert(pcm []int16) {
	n := len(pcm) / s.channels
	s.room(n)
	copy(s.from(s.head+n), s.from(s.head))
	copy(s.from(s.head), pcm)
}
