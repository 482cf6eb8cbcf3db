package main

import (
	"slices"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/pcm"
)

// totals are what a call comes to. The goroutine that answers counts.
type totals struct {
	turns         int
	heard         time.Duration
	delay         time.Duration // the longest of what the turns were heard with
	answers       int
	said          time.Duration
	interruptions int
	quiet         []time.Duration // from the end of speech to the first sample of the answer
}

func (s *totals) turn(u utterance) {
	s.turns++
	s.heard += u.length()
	s.delay = max(s.delay, u.delay)
}

func (s *totals) answer(o outcome, quiet time.Duration) {
	s.answers++
	s.said += o.played
	s.quiet = append(s.quiet, quiet)
	if o.interrupted {
		s.interruptions++
	}
}

// report says at the end of a call how it went.
func (t *talk) report(m media.Stats) {
	s := &t.totals
	t.logf("said %s in %d turns, and heard %s in %d answers, of which %d were interrupted",
		inSeconds(s.heard), s.turns, inSeconds(s.said), s.answers, s.interruptions)
	if len(s.quiet) > 0 {
		slices.Sort(s.quiet)
		t.logf("waited %d ms for an answer (median, from the end of speech to the first sample), %d ms at the most",
			s.quiet[len(s.quiet)/2].Milliseconds(), s.quiet[len(s.quiet)-1].Milliseconds())
	}
	if s.turns > 0 {
		t.logf("was heard through a jitter buffer of up to %d ms; the way there and back is %d ms", s.delay.Milliseconds(), m.RTT.Milliseconds())
	}
	for _, r := range m.Received {
		t.logf("sent %d frames of %s: %d opened, %d failed, %d missing", r.Frames, r.Kind, r.Opened, r.FailedSum(), r.Missing)
	}
}

// hearDelay is how long ago the sound was sent that is read now, but for the network's way.
func hearDelay(r *pcm.Reader) time.Duration { return r.Stats().Latency }

// sayDelay is how long a sample that is written into an empty Writer takes to leave, and the frame with it.
func sayDelay(w *pcm.Writer) time.Duration { return w.Stats().Codec }
