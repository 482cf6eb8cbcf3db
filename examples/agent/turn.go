package main

import (
	"time"

	"github.com/sotto-calls/sotto/media/pcm"
)

const (
	hop   = 10 * time.Millisecond // of sound, in one step
	onset = 30 * time.Millisecond // of voice are over when a pcm.Detector says Speaking
	depth = 30                    // dB below the loudest moment of a turn: what is fainter is a pause, which the Detector's hang-over hides
)

// A turnConfig says when somebody has the word.
type turnConfig struct {
	silence time.Duration // without voice: the turn has ended
	blip    time.Duration // a voice that is shorter is a cough or a click, and no turn
	most    time.Duration // a turn is cut here
}

// A turnEvent is what a step has shown.
type turnEvent uint8

const (
	turnNothing turnEvent = iota
	turnBegan             // somebody has the word, since turns.from
	turnEnded             // and had it until turns.to
)

type turnState uint8

const (
	turnQuiet    turnState = iota // nobody speaks
	turnDoubtful                  // a voice, too short yet to be more than a blip
	turnTaken                     // a turn
	turnEbbing                    // the turn has ended, the Detector still holds
)

// A turns tells turns in a stream of sound. It reads no clock: a position is how much sound there was before it.
type turns struct {
	turnConfig
	state   turnState
	now     time.Duration // at the end of the last step
	from    time.Duration // where the voice began
	to      time.Duration // where it was last heard
	voiced  time.Duration // of the doubtful voice
	loudest uint8         // -dBov, of the turn
}

// step takes what a pcm.Detector says of the next hop.
func (t *turns) step(v pcm.Voice) turnEvent {
	t.now += hop
	switch t.state {
	case turnEbbing:
		if !v.Speaking {
			t.state = turnQuiet
		} else if t.loud(v) {
			t.begin(v)
		}
	case turnQuiet:
		if v.Speaking {
			t.begin(v)
		}
	case turnDoubtful:
		return t.doubt(v)
	case turnTaken:
		return t.follow(v)
	}
	return turnNothing
}

// begin is the first hop of a voice.
func (t *turns) begin(v pcm.Voice) {
	t.state, t.loudest = turnDoubtful, v.Level
	t.from, t.to = max(t.now-hop-onset, 0), t.now
	t.voiced = hop + onset
}

func (t *turns) doubt(v pcm.Voice) turnEvent {
	if t.loud(v) {
		t.to = t.now
		t.voiced += hop
	}
	switch {
	case t.voiced >= t.blip:
		t.state = turnTaken
		return turnBegan
	case !v.Speaking:
		t.state = turnQuiet
	case t.now-t.to >= t.silence:
		t.state = turnEbbing
	}
	return turnNothing
}

func (t *turns) follow(v pcm.Voice) turnEvent {
	if t.loud(v) {
		t.to = t.now
	}
	if t.now-t.to < t.silence && t.now-t.from < t.most {
		return turnNothing
	}
	t.state = turnEbbing
	return turnEnded
}

// loud says whether a hop is voice and not a pause.
func (t *turns) loud(v pcm.Voice) bool {
	if !v.Speaking {
		return false
	}
	t.loudest = min(t.loudest, v.Level)
	return int(v.Level) <= int(t.loudest)+depth
}
