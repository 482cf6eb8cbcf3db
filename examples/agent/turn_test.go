package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sotto-calls/sotto/media/pcm"
)

// someTurns is what the flags say if they are not given.
var someTurns = turnConfig{silence: 300 * time.Millisecond, blip: 120 * time.Millisecond, most: 30 * time.Second}

// heldVoice is what a pcm.Detector says of so many milliseconds: voice at a level, and what it holds over a pause.
type heldVoice struct {
	ms       int
	level    uint8
	speaking bool
}

func TestTurns(t *testing.T) {
	const voice, soft, pause = 25, 45, 90
	someTurns := turnConfig{silence: 350 * time.Millisecond, blip: 120 * time.Millisecond, most: 30 * time.Second}
	for _, c := range []struct {
		name   string
		config turnConfig
		in     []heldVoice
		want   string
	}{
		{"silence", someTurns, []heldVoice{{5000, 127, false}}, ""},
		{"hiss that the Detector does not call speech", someTurns, []heldVoice{{5000, 40, false}}, ""},
		{"a sentence", someTurns, []heldVoice{{1000, 127, false}, {800, voice, true}, {200, pause, true}, {1000, pause, false}},
			"began 1090, ended 2150: 970–1800"},
		{"a blip", someTurns, []heldVoice{{1000, 127, false}, {60, voice, true}, {200, pause, true}, {1000, pause, false}}, ""},
		{"a pause within", someTurns, []heldVoice{{500, voice, true}, {200, pause, true}, {140, pause, false}, {500, voice, true}, {200, pause, true}, {500, pause, false}},
			"began 90, ended 1690: 0–1340"},
		{"a pause too long", someTurns, []heldVoice{{500, voice, true}, {200, pause, true}, {160, pause, false}, {500, voice, true}, {200, pause, true}, {500, pause, false}},
			"began 90, ended 850: 0–500, began 950, ended 1710: 830–1360"},
		{"a soft end belongs to it", someTurns, []heldVoice{{500, voice, true}, {200, soft, true}, {200, pause, true}, {500, pause, false}},
			"began 90, ended 1050: 0–700"},
		{"noise that holds the Detector does not", someTurns, []heldVoice{{500, voice, true}, {900, voice + depth + 1, true}, {500, pause, false}},
			"began 90, ended 850: 0–500"},
		{"a turn has an end", turnConfig{silence: 350 * time.Millisecond, blip: 120 * time.Millisecond, most: time.Second},
			[]heldVoice{{1500, voice, true}, {200, pause, true}, {500, pause, false}},
			"began 90, ended 1000: 0–1000, began 1090, ended 1850: 970–1500"},
		{"what is doubtful for ever is none", someTurns, []heldVoice{{20, voice, true}, {3000, pause, true}}, ""},
		{"the next turn may come while the Detector holds", turnConfig{silence: 200 * time.Millisecond, blip: 120 * time.Millisecond, most: time.Minute},
			[]heldVoice{{500, voice, true}, {230, pause, true}, {300, voice, true}, {200, pause, true}, {500, pause, false}},
			"began 90, ended 700: 0–500, began 820, ended 1230: 700–1030"},
	} {
		var got []string
		s := turns{turnConfig: c.config}
		for _, v := range c.in {
			for range v.ms / 10 {
				switch s.step(pcm.Voice{Level: v.level, Speaking: v.speaking}) {
				case turnBegan:
					got = append(got, fmt.Sprintf("began %d", s.now.Milliseconds()))
				case turnEnded:
					got = append(got, fmt.Sprintf("ended %d: %d–%d", s.now.Milliseconds(), s.from.Milliseconds(), s.to.Milliseconds()))
				}
			}
		}
		if all := strings.Join(got, ", "); all != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, all, c.want)
		}
	}
}
