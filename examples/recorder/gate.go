package main

import (
	"bytes"
	"context"
	"sync"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/pcm"
)

// A gate lets the frames of one participant through once they may be recorded. Before and after, frames are forgotten.
type gate struct {
	mu    sync.Mutex
	files *files // nil: shut
	begun int    // tracks that were recorded
}

// mostTracks is how many tracks of one participant are recorded in a call: each has files of its own, and whoever changes
// the codec again and again would fill the folder with them.
const mostTracks = 16

// open lets frames into files, and none with nil.
func (g *gate) open(f *files) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.files = f
}

func (g *gate) now() *files {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.files
}

// admit counts one more track, and reports whether it is recorded, and whether it is the first that is not.
func (g *gate) admit() (recorded, first bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.begun++
	return g.begun <= mostTracks, g.begun == mostTracks+1
}

// track is the sink of one track of the participant.
func (g *gate) track(info media.TrackInfo, logf func(string, ...any)) *gated {
	return &gated{gate: g, info: info, logf: logf}
}

// A gated is a track behind a gate. One goroutine uses it.
type gated struct {
	gate  *gate
	info  media.TrackInfo
	logf  func(string, ...any)
	begun bool
	sinks []media.Sink // that have not failed
}

// WriteFrame never fails: what ends a file does not end the call.
func (t *gated) WriteFrame(f media.Frame) error {
	files := t.gate.now()
	if files == nil {
		return t.Close()
	}
	if !t.begun {
		t.begin(files)
	}
	for i := 0; i < len(t.sinks); i++ {
		own := f
		own.Data = bytes.Clone(f.Data) // each sink takes its frame over
		if err := t.sinks[i].WriteFrame(own); err != nil {
			if t.gate.now() != nil { // else the recording has just ended
				t.logf("a file of %s ends, the call goes on: %v", t.info.Kind, err)
			}
			t.sinks[i].Close()
			t.sinks = append(t.sinks[:i], t.sinks[i+1:]...)
			i--
		}
	}
	return nil
}

// begin makes the files of this track, unless there are too many.
func (t *gated) begin(f *files) {
	t.begun = true
	recorded, first := t.gate.admit()
	if recorded {
		t.sinks = f.track(t.info)
	} else if first {
		t.logf("has sent %d tracks: what comes on further ones is not recorded", mostTracks)
	}
}

// Close completes the files of this track.
func (t *gated) Close() error {
	for _, s := range t.sinks {
		if err := s.Close(); err != nil {
			t.logf("a file of %s is not whole: %v", t.info.Kind, err)
		}
	}
	t.sinks = nil
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
