package main

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/signal"
)

// A report is what became of the call. Its JSON form is what -json prints.
type report struct {
	SetupMS    float64 `json:"setup_ms"` // from Bob's accept to his first opened frame
	EmojiMatch bool    `json:"emoji_match"`
	Video      flow    `json:"video"` // from Alice to Bob
	Audio      flow    `json:"audio"`
	Recording  files   `json:"recording"`
	EndReason  string  `json:"end_reason"`
	Relay      seen    `json:"relay"`
}

type flow struct {
	Sent     uint64 `json:"sent"`
	Received uint64 `json:"received"`
	Opened   uint64 `json:"opened"`
	Failed   uint64 `json:"failed"`
}

type files struct {
	Video string `json:"video"`
	Audio string `json:"audio"`
}

type seen struct {
	Envelopes uint64 `json:"envelopes"`
	Bytes     uint64 `json:"bytes"`
}

func (c *conversation) report(s signal.Stats) report {
	r := report{EmojiMatch: c.emoji[0] == c.emoji[1] && c.emoji[0] != "none", EndReason: c.ended.Reason.String(),
		Relay: seen{s.Envelopes, s.Bytes}}
	if !c.first.at.IsZero() {
		r.SetupMS = float64(c.first.at.Sub(c.accepted)) / float64(time.Millisecond)
	}
	for _, s := range c.alice.Stats().Media.Sent {
		r.of(s.Kind).Sent = s.Frames
	}
	for _, s := range c.bob.Stats().Media.Received {
		f := r.of(s.Kind)
		f.Received, f.Opened, f.Failed = s.Frames, s.Opened, s.FailedSum()
	}
	for _, f := range c.recorder.Files() {
		if f.Track.Kind == media.Video {
			r.Recording.Video = f.Path
		} else {
			r.Recording.Audio = f.Path
		}
	}
	return r
}

func (r *report) of(k media.Kind) *flow {
	if k == media.Video {
		return &r.Video
	}
	return &r.Audio
}

// good says whether all went well: same emoji, every frame there and opened, ended as it should.
func (r report) good() bool {
	whole := func(f flow) bool { return f.Sent > 0 && f.Opened == f.Sent && f.Failed == 0 }
	return r.EmojiMatch && r.SetupMS > 0 && whole(r.Video) && whole(r.Audio) && r.EndReason == call.Left.String()
}

func (r report) print(w io.Writer) {
	fmt.Fprintf(w, "From Bob's accept to his first opened frame: %.0f ms.\n", r.SetupMS)
	for _, f := range []struct {
		what string
		flow
	}{{"pictures", r.Video}, {"sounds", r.Audio}} {
		fmt.Fprintf(w, "%-9s %5d sent, %5d received, %5d opened, %d failed\n", f.what+":", f.Sent, f.Received, f.Opened, f.Failed)
	}
	fmt.Fprintf(w, "The relay saw %d sealed envelopes, %d bytes, and none of the media.\n", r.Relay.Envelopes, r.Relay.Bytes)
	fmt.Fprintf(w, "The call ended: %s. Bob's recording:\n  %s\n  %s\n", r.EndReason, r.Recording.Video, r.Recording.Audio)
}

func (r report) printJSON(w io.Writer) error { return json.NewEncoder(w).Encode(r) }
