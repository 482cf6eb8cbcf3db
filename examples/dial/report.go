package main

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/media"
)

// A report is what became of the call. Its JSON form is what -json prints.
type report struct {
	SetupMS   float64 `json:"setup_ms"` // from the accept, as we heard of it, to our first opened frame; 0: none came
	Emoji     string  `json:"emoji"`    // the other side's program shows the same
	Local     string  `json:"local"`    // type of our own candidate: host, srflx, prflx or relay
	Remote    string  `json:"remote"`   // and of the other side's
	Video     flow    `json:"video"`
	Audio     flow    `json:"audio"`
	Recording files   `json:"recording"`
	EndReason string  `json:"end_reason"`

	whole bool // nothing ended early
}

// A flow counts frames: ours that were sent, theirs that came.
type flow struct {
	Sent     uint64 `json:"sent"`
	Unsealed uint64 `json:"unsealed"` // ours that could not be sealed, and so were not sent
	Received uint64 `json:"received"`
	Opened   uint64 `json:"opened"`
	Failed   uint64 `json:"failed"`
	Missing  uint64 `json:"missing"`
}

type files struct {
	Video string `json:"video"`
	Audio string `json:"audio"`
	Error string `json:"error,omitempty"` // why it is not whole
}

func (t *talk) report() report {
	s := t.call.Stats().Media
	r := report{Emoji: pictures(t.emoji), Local: t.way[0], Remote: t.way[1], whole: t.recording == nil && (t.playing == 0 || t.duration > 0)}
	if at := t.first.when(); !at.IsZero() {
		r.SetupMS = float64(at.Sub(t.accepted)) / float64(time.Millisecond)
	}
	if t.ended != nil {
		r.EndReason = t.ended.Reason.String()
	}
	for _, s := range s.Sent {
		f := r.of(s.Kind)
		f.Sent = s.Frames
		for _, n := range s.Failed {
			f.Unsealed += n
		}
	}
	for _, s := range s.Received {
		f := r.of(s.Kind)
		f.Received, f.Opened, f.Failed, f.Missing = s.Frames, s.Opened, s.FailedSum(), s.Missing
	}
	for _, f := range t.recorder.Files() {
		if f.Track.Kind == media.Video {
			r.Recording.Video = f.Path
		} else {
			r.Recording.Audio = f.Path
		}
	}
	if t.recording != nil {
		r.Recording.Error = t.recording.Error()
	}
	return r
}

func (r *report) of(k media.Kind) *flow {
	if k == media.Video {
		return &r.Video
	}
	return &r.Audio
}

// good says whether all went well: something was sent, whatever came was opened, the recording is whole, and we hung up
// at the end of the files or when the time was up.
func (r report) good() bool {
	clean := func(f flow) bool { return f.Unsealed == 0 && f.Failed == 0 && f.Opened == f.Received }
	return r.whole && r.Video.Sent+r.Audio.Sent > 0 && clean(r.Video) && clean(r.Audio) && r.EndReason == call.Left.String()
}

func (r report) print(w io.Writer) {
	for _, f := range []struct {
		what string
		flow
	}{{"pictures", r.Video}, {"sounds", r.Audio}} {
		fmt.Fprintf(w, "%-9s %5d sent; %5d came back, %5d opened, %d failed, %d missing\n", f.what+":", f.Sent, f.Received, f.Opened, f.Failed, f.Missing)
	}
	fmt.Fprintf(w, "The call ended: %s.\n", r.EndReason)
	for _, path := range []string{r.Recording.Video, r.Recording.Audio} {
		if path != "" {
			fmt.Fprintf(w, "Recorded: %s\n", path)
		}
	}
	if r.Recording.Error != "" {
		fmt.Fprintf(w, "The recording is readable but not whole: %s\n", r.Recording.Error)
	}
}

func (r report) printJSON(w io.Writer) error { return json.NewEncoder(w).Encode(r) }
