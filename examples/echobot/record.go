package main

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/sotto-calls/sotto/call"
	"github.com/sotto-calls/sotto/examples/internal/echo"
	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/file"
)

// A talk is one call of the bot.
type talk struct {
	bot      *bot
	who      call.Caller
	echo     *echo.Echo
	recorder *file.Recorder // nil: nothing is recorded
}

// folders makes one folder at a time, so that two calls of one second do not take the same.
var folders sync.Mutex

// startRecording makes a folder for this call. Its name says when, and nothing of who: the log does.
func (t *talk) startRecording() error {
	if t.bot.record == "" {
		return nil
	}
	folders.Lock()
	defer folders.Unlock()
	stem := filepath.Join(t.bot.record, time.Now().Format("20060102-150405"))
	dir := stem
	for n := 2; ; n++ {
		if _, err := os.Stat(dir); err != nil {
			break
		}
		dir = fmt.Sprintf("%s-%d", stem, n)
	}
	var err error
	t.recorder, err = file.NewRecorder(dir, file.RecorderOptions{MaxBytes: t.bot.limit})
	return err
}

// stopRecording completes the files. What ended them early was said when it happened.
func (t *talk) stopRecording() {
	if t.recorder == nil {
		return
	}
	if err := t.recorder.Close(); err != nil {
		t.logf("recording is not whole: %v", err)
	}
	for _, f := range t.recorder.Files() {
		if f.Path != "" {
			t.logf("recorded %d frames of %s: %s", f.Frames, f.Track.Kind, f.Path)
		}
	}
}

// receive makes the sink of a track: the recording, and the echo.
func (t *talk) receive(track media.TrackInfo) media.Sink {
	s := &echo.Tee{Mirror: t.echo.For(track), Lost: func(err error) {
		t.logf("recording of %s ends, the call goes on: %v", track.Kind, err)
	}}
	if t.recorder != nil {
		s.Record = t.recorder.Track(track)
	}
	return s
}
