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
	s := &tee{talk: t, kind: track.Kind, mirror: t.echo.For(track)}
	if t.recorder != nil {
		s.record = t.recorder.Track(track)
	}
	return s
}

// A tee gives each frame to the recording and to the mirror. A recording that ends, as on a full disk, ends alone: the
// echo goes on.
type tee struct {
	talk   *talk
	kind   media.Kind
	record media.Sink   // nil: ended, or none
	mirror *echo.Mirror // nil: the caller does not take this kind
}

// WriteFrame never fails, for an error would end the echo too.
func (s *tee) WriteFrame(f media.Frame) error {
	if s.record != nil {
		if err := s.record.WriteFrame(f); err != nil {
			s.talk.logf("recording of %s ends, the call goes on: %v", s.kind, err)
			s.record = nil
		}
	}
	if s.mirror != nil {
		s.mirror.Put(f)
	}
	return nil
}

// Close completes the file.
func (s *tee) Close() error {
	if s.record == nil {
		return nil
	}
	return s.record.Close()
}
