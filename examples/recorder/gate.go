package main

import (
	"bytes"
	"context"
	"slices"
	"sync"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/pcm"
)

// A gate lets the frames of one participant through once they may be recorded. Before and after, frames are forgotten.
type gate struct {
	mu     sync.Mutex
	files  *files   // nil: shut
	begun  int      // tracks that were recorded
	tracks []*gated // that have files
}

// mostTracks is how many tracks of one participant are recorded in a call: each has files of its own, and whoever changes
// the codec again and again would fill the folder with them.
const mostTracks = 16

// open lets frames into files, and none with nil: the files of the tracks are complete then.
func (g *gate) open(f *files) {
	g.mu.Lock()
	g.files = f
	tracks := g.tracks
	g.mu.Unlock()
	if f != nil {
		return
	}
	for _, t := range tracks {
		_ = t.Close() // it never fails
	}
}

func (g *gate) now() *files {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.files
}

// admit counts one more track, and reports whether it is recorded, and whether it is the first that is not.
func (g *gate) admit(t *gated) (recorded, first bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.begun++
	if g.begun <= mostTracks {
		g.tracks = append(g.tracks, t)
	}
	return g.begun <= mostTracks, g.begun == mostTracks+1
}

// track is the sink of one track of the participant, whose frames come in order.
func (g *gate) track(info media.TrackInfo, logf func(string, ...any)) *gated {
	return &gated{gate: g, info: info, logf: logf}
}

// received is the sink of a track that comes in a call. Its sound comes as it arrives, for the mix, which would otherwise run dry
// while something lost is waited for.
func (g *gate) received(info media.TrackInfo, logf func(string, ...any)) *gated {
	t := g.track(info, logf)
	if info.Kind == media.Audio {
		t.order = &order{}
	}
	return t
}

// A gated is a track behind a gate.
type gated struct {
	gate *gate
	info media.TrackInfo
	logf func(string, ...any)

	mu    sync.Mutex // over a frame, so that the files are not completed in the middle of it
	begun bool
	order *order     // for the files; nil: the frames come in order
	mix   media.Sink // nil: it is not in the mix
	files []media.Sink
}

// Prompt implements media.PromptSink.
func (t *gated) Prompt() bool { return t.order != nil }

// WriteFrame never fails: what ends a file does not end the call.
func (t *gated) WriteFrame(f media.Frame) error {
	files := t.gate.now()
	if files == nil {
		return t.Close()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.begun {
		t.begin(files)
	}
	if t.mix != nil && !t.put(t.mix, f) {
		t.mix = nil
	}
	if t.order == nil {
		t.write(f)
		return nil
	}
	for _, f := range t.order.add(f) {
		t.write(f)
	}
	return nil
}

// write gives a frame to the files.
func (t *gated) write(f media.Frame) {
	t.files = slices.DeleteFunc(t.files, func(s media.Sink) bool { return !t.put(s, f) })
}

// put gives a sink a copy of a frame, since each takes its frame over. It reports false for one that has failed, and is closed.
func (t *gated) put(s media.Sink, f media.Frame) bool {
	f.Data = bytes.Clone(f.Data)
	err := s.WriteFrame(f)
	if err == nil {
		return true
	}
	if t.gate.now() != nil { // else the recording has just ended
		t.logf("a file of %s ends, the call goes on: %v", t.info.Kind, err)
	}
	_ = s.Close() // which says no more than that
	return false
}

// begin makes the files of this track, unless there are too many.
func (t *gated) begin(f *files) {
	t.begun = true
	recorded, first := t.gate.admit(t)
	if recorded {
		t.files, t.mix = f.track(t.info)
	} else if first {
		t.logf("has sent %d tracks: what comes on further ones is not recorded", mostTracks)
	}
}

// Close completes the files of this track, and never fails.
func (t *gated) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.order != nil {
		for _, f := range t.order.rest() {
			t.write(f)
		}
	}
	if t.mix != nil {
		_ = t.mix.Close() // it never fails
	}
	for _, s := range t.files {
		if err := s.Close(); err != nil {
			t.logf("a file of %s is not whole: %v", t.info.Kind, err)
		}
	}
	t.files, t.mix = nil, nil
	return nil
}

// An own writer is what the recorder says itself; it is recorded too.
type own struct {
	*pcm.Writer
	track *gated
}

// Read passes on the next frame.
func (o *own) Read(ctx context.Context) (media.Frame, error) {
	f, err := o.Writer.Read(ctx)
	if err == nil {
		_ = o.track.WriteFrame(f) // it never fails
	}
	return f, err
}
