package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/file"
	"github.com/sotto-calls/sotto/media/pcm"
)

// mixed is the shape of the sound in mix.wav.
var mixed = pcm.Format{Rate: 48000, Channels: 1}

// A recording is the files of one call: those of each participant, and the sound of all in one.
type recording struct {
	folder *folder
	logf   func(string, ...any)
	mixer  *pcm.Mixer
	began  time.Time

	mixing sync.WaitGroup
	mu     sync.Mutex
	files  []*files
	ended  bool
}

// begin makes the folder and begins the mix. A folder in which nothing can be written is not left behind.
func begin(dir string, limit int64, logf func(string, ...any)) (*recording, error) {
	now := time.Now()
	f, err := newFolder(dir, now.Format("20060102-150405"), limit)
	if err != nil {
		return nil, err
	}
	r, err := f.begin(now, logf)
	if err != nil {
		_ = os.Remove(f.path) // which fails if there is something in it
		return nil, err
	}
	return r, nil
}

// begin begins the mix. After an error nothing is open.
func (d *folder) begin(now time.Time, logf func(string, ...any)) (*recording, error) {
	out, err := d.create("mix", ".wav")
	if err != nil {
		return nil, err
	}
	w, err := file.NewWAVWriter(out, mixed.Rate, mixed.Channels)
	if err != nil {
		return nil, errors.Join(err, out.discard())
	}
	r := &recording{folder: d, logf: logf, mixer: pcm.NewMixer(pcm.MixerConfig{Format: mixed}), began: now}
	r.mixing.Go(func() {
		if err := errors.Join(r.copyMix(w), w.Close()); err != nil {
			r.logf("mix.wav is not whole: %v", err)
		}
	})
	return r, nil
}

// copyMix writes the mix until the mixer is closed.
func (r *recording) copyMix(w *file.WAVWriter) error {
	samples := make([]int16, mixed.Samples(20*time.Millisecond))
	var b []byte
	for {
		n, err := r.mixer.Read(context.Background(), samples) // until Close
		if err != nil {
			return nil
		}
		if n == 0 {
			continue
		}
		b = b[:0]
		for _, s := range samples[:n] {
			b = binary.LittleEndian.AppendUint16(b, uint16(s))
		}
		if err := w.WriteFrame(media.Frame{Data: b}); err != nil {
			return err
		}
	}
}

// files are those of one participant. Those of one Recorder are on one clock.
type files struct {
	recording *recording
	apart     *file.Recorder      // an Ogg of the sound (G.711: a WAV), and pictures that no WebM here holds
	both      *file.Recorder      // a WebM of the sound and the pictures; nil for who shows nothing
	kept      []file.RecordedFile // in the end
}

// participant adds the files of one more. Their names begin with name.
func (r *recording) participant(name string, pictures bool) (*files, error) {
	f := &files{recording: r}
	create := func(suggested string) (io.WriteCloser, error) {
		p, err := r.folder.create(name, filepath.Ext(suggested))
		if err != nil {
			return nil, err
		}
		return p, nil
	}
	var err error
	if f.apart, err = file.NewRecorder("", file.RecorderOptions{Create: create}); err != nil {
		return nil, err
	}
	if pictures {
		if f.both, err = file.NewRecorder("", file.RecorderOptions{WebM: true, Create: create}); err != nil {
			return nil, err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.files = append(r.files, f)
	return f, nil
}

// track returns where the frames of one track go: to one file or two, and sound into the mix.
func (f *files) track(info media.TrackInfo) (sinks []media.Sink, mix media.Sink) {
	if info.Kind != media.Audio {
		return append(sinks, f.pictures(info)), nil
	}
	sinks = append(sinks, f.apart.Track(info))
	if f.both != nil && info.Codec == media.Opus {
		sinks = append(sinks, f.both.Track(info))
	}
	mix, err := f.recording.mixer.Sink(info)
	if err != nil {
		f.recording.logf("a track is not in the mix: %v", err)
		return sinks, nil
	}
	return sinks, mix
}

// pictures is the file of one track: with the sound in it, or beside that of the sound and on its clock.
func (f *files) pictures(info media.TrackInfo) media.Sink {
	if f.both != nil && info.Codec == media.VP8 {
		return f.both.Track(info)
	}
	return f.apart.Track(info)
}

// finish completes all files. Frames that come later are refused. It is idempotent.
func (r *recording) finish() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return
	}
	r.ended = true
	r.mixer.Close()
	r.mixing.Wait()
	for _, f := range r.files {
		for _, recorder := range []*file.Recorder{f.apart, f.both} {
			if recorder == nil {
				continue
			}
			if err := recorder.Close(); err != nil {
				r.logf("a file is not whole: %v", err)
			}
			f.kept = append(f.kept, keep(recorder.Files(), recorder == f.both, r.logf)...)
		}
	}
}

// keep removes a WebM file without pictures: all that is in it is in the Ogg file. A track of which no frame could be kept has no
// file, and stays for what became of it; sound that was to be in both files does so once.
func keep(files []file.RecordedFile, both bool, logf func(string, ...any)) (kept []file.RecordedFile) {
	pictures := make(map[string]bool)
	for _, f := range files {
		if f.Track.Kind == media.Video {
			pictures[f.Path] = true
		}
	}
	gone := make(map[string]bool)
	for _, f := range files {
		switch {
		case gone[f.Path] || f.Path == "" && (both && f.Track.Kind == media.Audio || f.Refused == 0 && f.Err == nil):
		case strings.HasSuffix(f.Path, ".webm") && !pictures[f.Path]:
			gone[f.Path] = true
			if err := os.Remove(f.Path); err != nil {
				logf("a file without pictures stays: %v", err)
			}
		default:
			kept = append(kept, f)
		}
	}
	return kept
}

func describe(f file.RecordedFile) string {
	if f.Path == "" {
		return fmt.Sprintf("nothing of a track of %s: recording.json says why", f.Track.Kind)
	}
	return fmt.Sprintf("%s: %d frames of %s, %.1f s", f.Path, f.Frames, f.Track.Kind, (f.End - f.Start).Seconds())
}
