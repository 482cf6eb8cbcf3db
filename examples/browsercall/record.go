package main

import (
	"os"
	"time"

	"github.com/sotto-calls/sotto/examples/internal/echo"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/file"
)

// recording is what this call is recorded with; nil: it is not. It begins with the first track, so that a ringing that comes
// to nothing leaves no folder.
func (t *talk) recording() *file.Recorder {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.out == "" || t.recorded {
		return t.recorder
	}
	t.recorded = true
	var err error
	if t.recorder, err = t.newRecorder(); err != nil {
		t.warn("%q is not recorded: %v", t.name, err)
	}
	return t.recorder
}

// newRecorder makes a folder for this call. Its name says when, and nothing of who.
func (t *talk) newRecorder() (*file.Recorder, error) {
	if err := os.MkdirAll(t.out, 0o700); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(t.out, time.Now().Format("20060102-150405-"))
	if err != nil {
		return nil, err
	}
	return file.NewRecorder(dir, file.RecorderOptions{MaxBytes: t.limit})
}

// finishRecording completes the files and names them. Nothing is recorded after it.
func (t *talk) finishRecording() (paths []string) {
	t.mu.Lock()
	r := t.recorder
	t.recorder, t.recorded = nil, true
	t.mu.Unlock()
	if r == nil {
		return nil
	}
	if err := r.Close(); err != nil {
		t.warn("the recording of %q is not whole: %v", t.name, err)
	}
	for _, f := range r.Files() {
		if f.Path != "" {
			paths = append(paths, f.Path)
			t.say("         recorded %d frames of %s: %s", f.Frames, f.Track.Kind, f.Path)
		}
	}
	return paths
}

// stop completes what a call left that never began.
func (t *talk) stop() { t.finishRecording() }

// receive makes the sink of a track: the recording, and the echo.
func (t *talk) receive(info media.TrackInfo) media.Sink {
	s := &echo.Tee{Mirror: t.mirror(info), Lost: func(err error) {
		t.warn("the recording of %s ends, the call goes on: %v", info.Kind, err)
	}}
	if r := t.recording(); r != nil {
		s.Record = r.Track(info)
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
