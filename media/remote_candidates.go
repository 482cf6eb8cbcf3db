package media

import (
	"fmt"
	"slices"
	"time"

	"github.com/pion/webrtc/v4"
)

// remoteCandidates are the peer's. Those that come before the description they belong to are kept: on an ICE restart
// they may overtake it, and would otherwise be thrown away with the ones before. Guarded by Conn.mu.
type remoteCandidates struct {
	ufrag   string // of the description in force; empty before the first
	count   int    // taken since
	lines   []string
	early   []candidateLine
	refused uint64
	waiting []string // taken, and passed on one after the other
	next    *time.Timer
	pause   time.Duration
}

// The pauses between two candidates for the agent of the side that nominates, doubled from the first to the last. It looks
// at its pairs every 200 ms, and when a candidate is added: were all added at once, a pair that was found good in a
// millisecond would wait for the rest of the 200 to be nominated, and DTLS with it.
const (
	firstCandidatePause = 5 * time.Millisecond
	lastCandidatePause  = 40 * time.Millisecond
)

// AddCandidate takes a candidate of the peer, before or after the description that it belongs to. At most 32 count.
// An error means that this one was refused; the connection is none the worse.
func (c *Conn) AddCandidate(candidate Candidate) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.addCandidate(candidate)
}

func (c *Conn) addCandidate(candidate Candidate) error {
	if c.stage == stageClosed {
		return ErrClosed
	}
	line, err := c.cfg.Settings.incoming(candidate.Line)
	if err != nil {
		c.candidates.refused++
		return err
	}
	if c.candidates.ufrag == "" || line.ufrag != "" && line.ufrag != c.candidates.ufrag {
		return c.keepCandidate(line)
	}
	return c.useCandidate(line)
}

// keepCandidate keeps one for a description that has not come, or of one that is in force no more. The same one again, as
// from a peer that cannot know whether it arrived, counts once.
func (c *Conn) keepCandidate(line candidateLine) error {
	if slices.Contains(c.candidates.early, line) {
		return nil
	}
	if len(c.candidates.early) >= maxCandidates {
		return c.tooMany()
	}
	c.candidates.early = append(c.candidates.early, line)
	return nil
}

func (c *Conn) tooMany() error {
	c.candidates.refused++
	return fmt.Errorf("%w: more than %d", ErrCandidate, maxCandidates)
}

// useCandidate passes one on; the same one again counts once, too.
func (c *Conn) useCandidate(line candidateLine) error {
	text := line.String()
	if slices.Contains(c.candidates.lines, text) {
		return nil
	}
	if c.candidates.count >= maxCandidates {
		return c.tooMany()
	}
	c.candidates.lines = append(c.candidates.lines, text)
	c.candidates.count++
	if c.candidates.next != nil {
		c.candidates.waiting = append(c.candidates.waiting, text)
		return nil
	}
	if !c.cfg.Callee { // the caller is the controlling agent
		c.candidates.pause = firstCandidatePause
		c.candidates.next = time.AfterFunc(c.candidates.pause, c.nextCandidate)
	}
	return c.passCandidate(text)
}

func (c *Conn) passCandidate(text string) error {
	if err := c.pc.AddICECandidate(webrtc.ICECandidateInit{Candidate: text}); err != nil {
		return fmt.Errorf("%w: %w", ErrCandidate, err)
	}
	return nil
}

// nextCandidate passes on the one that has waited longest.
func (c *Conn) nextCandidate() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stage == stageClosed || len(c.candidates.waiting) == 0 {
		c.candidates.next = nil
		return
	}
	text := c.candidates.waiting[0]
	c.candidates.waiting = c.candidates.waiting[1:]
	c.candidates.pause = min(2*c.candidates.pause, lastCandidatePause)
	c.candidates.next.Reset(c.candidates.pause)
	if err := c.passCandidate(text); err != nil {
		c.log.Debug("candidate", "error", err)
	}
}

// described takes up the candidates of a description that is in force now, and those that overtook it.
func (c *Conn) described(d *description) {
	if c.candidates.ufrag != d.ufrag {
		c.candidates.ufrag, c.candidates.count, c.candidates.lines, c.candidates.waiting = d.ufrag, 0, nil, nil
	}
	early := c.candidates.early
	c.candidates.early = nil
	for _, line := range early {
		if line.ufrag != "" && line.ufrag != d.ufrag {
			continue // of a description before this one
		}
		if err := c.useCandidate(line); err != nil {
			c.log.Debug("candidate", "error", err)
		}
	}
	for _, candidate := range d.candidates {
		if err := c.addCandidate(candidate); err != nil {
			c.log.Debug("candidate", "error", err)
		}
	}
}

// onCandidate is called by the layer below for each candidate of ours, and with nil at the end.
func (c *Conn) onCandidate(candidate *webrtc.ICECandidate) {
	if candidate == nil {
		c.notify(GatheringDone{})
		return
	}
	c.mu.Lock() // a description under way may change the ufrag that this candidate belongs to
	ufrag := c.ufrag
	c.mu.Unlock()
	line, err := c.cfg.Settings.outgoing(candidate.ToJSON().Candidate, ufrag, c.salt[:])
	if err != nil { // never sent
		c.log.Debug("candidate of ours", "error", err)
		return
	}
	c.notify(CandidateFound{Candidate{MID: candidate.SDPMid, Line: line}})
}
