package main

import (
	"os"
	"time"

	"github.com/sotto-calls/sotto/examples/internal/echo"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/file"
)

// startRecording makes a folder for this call. Its name says when, and nothing of who.
func (t *talk) startRecording() {
	if t.out == "" {
		return
	}
	err := os.MkdirAll(t.out, 0o700)
	var dir string
	if err == nil {
		dir, err = os.MkdirTemp(t.out, time.Now().Format("20060102-150405-"))
	}
	if err == nil {
		t.recorder, err = file.NewRecorder(dir, file.RecorderOptions{MaxBytes: t.limit})
	}
	if err != nil {
		t.warn("%q is not recorded: %v", t.name, err)
	}
}

// finishRecording completes the files and names them.
func (t *talk) finishRecording() (paths []string) {
	if t.recorder == nil {
		return nil
	}
	if err := t.recorder.Close(); err != nil {
		t.warn("the recording of %q is not whole: %v", t.name, err)
	}
	for _, f := range t.recorder.Files() {
		if f.Path != "" {
			paths = append(paths, f.Path)
			t.say("         recorded %d frames of %s: %s", f.Frames, f.Track.Kind, f.Path)
		}
	}
	t.recorder = nil
	return paths
}

// stop completes what a call left that never began.
func (t *talk) stop() { t.finishRecording() }

// receive makes the sink of a track: the recording, and the echo.
func (t *talk) receive(info media.TrackInfo) media.Sink {
	s := &echo.Tee{Mirror: t.mirror(info), Lost: func(err error) {
		t.warn("the recording of %s ends, the call goes on: %v", info.Kind, err)
	}}
	if t.recorder != nil {
		s.Record = t.recorder.Track(info)
	}
	return s
}

// mirror is what sends this track back: the first of its kind, for there is one mirror of each, with a codec of its own.
func (t *talk) mirror(track media.TrackInfo) *echo.Mirror {
	t.mu.Lock()
	defer t.mu.Unlock()
	taken := &t.mirrored.Audio
	if track.Kind == media.Video {
		taken = &t.mirrored.Video
	}
	if *taken {
		return nil
	}
	*taken = true
	return t.echo.For(track)
}
