package file

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/sotto-calls/sotto/media"
)

// RecorderOptions says what a Recorder writes. The zero value writes Ogg and IVF without a limit.
type RecorderOptions struct {
	// WebM writes Opus and VP8 into one file, recording.webm, instead of audio.ogg and video.ivf. Other codecs have a file
	// of their own all the same.
	WebM bool
	// MaxBytes is how large all files of the recording may become together; 0: no limit. A peer decides how much it
	// sends, so a program that runs unattended should set one.
	MaxBytes int64
	// Create makes the files; nil: in the recorder's directory. What it returns is closed by the recorder. If it is an
	// io.WriterAt its headers are completed at the end.
	Create func(name string) (io.WriteCloser, error)
}

// A Recorder writes the tracks that come from one peer of a call into files, on one clock: that of Frame.Time, which all
// tracks of a peer share. A track that begins later begins as much later in its file, and frames that are missing leave a
// gap in time. A recording that begins in the middle of a call begins with its first frame.
//
// Each frame is in the file when WriteFrame returns (Opus: when its page of 100 ms is full), so what a program that dies has
// recorded stays readable. Files are created with a track's first frame, for their owner only, and never overwrite one:
// audio.ogg, then audio-2.ogg. Sound in G.711 is audio.wav, which begins with its first frame; RecordedFile.Start tells when
// that was. Video is video.ivf, or video.h264, a byte stream, in which times are lost.
//
// All methods may be called from any goroutine.
type Recorder struct {
	dir     string
	options RecorderOptions
	budget  *budget

	mu     sync.Mutex
	begun  bool
	origin time.Duration // the Frame.Time at which the recording begins
	tracks []*recorderTrack
	webm   []*webmFile
	closed bool
}

// NewRecorder returns a recorder into dir, which is created if it is not there. Nothing is written before the first frame.
func NewRecorder(dir string, o RecorderOptions) (*Recorder, error) {
	r := &Recorder{dir: dir, options: o}
	if o.MaxBytes < 0 {
		return nil, errors.New("file: MaxBytes is negative")
	}
	if o.MaxBytes > 0 {
		r.budget = &budget{left: o.MaxBytes}
	}
	if o.Create == nil {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("file: recorder: %w", err)
		}
		r.options.Create = r.createFile
	}
	return r, nil
}

// Track returns the sink of a track: Opus, PCMU, PCMA, VP8, VP9, AV1 or H264. For another codec the sink's first WriteFrame
// fails. A video track is recorded from its first key frame on.
func (r *Recorder) Track(info media.TrackInfo) media.Sink {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := &recorderTrack{r: r, info: info}
	if r.closed {
		t.err, t.ended = errClosed, true
	}
	r.tracks = append(r.tracks, t)
	return t
}

// A RecordedFile tells what has been recorded of one track.
type RecordedFile struct {
	Path    string // where it is; empty while no frame has been written
	Track   media.TrackInfo
	Frames  int64         // written
	Missing int64         // frames that never came, as counted by Frame.Missing
	Skipped int64         // frames before the first key frame
	Refused int64         // frames that no file can hold (ErrFrame), and that are not in it
	Start   time.Duration // of the first frame, after the recording's start
	End     time.Duration // of the last frame
	Err     error         // why it ended early; nil if it did not
}

// Files describes the tracks so far, in the order of Track.
func (r *Recorder) Files() []RecordedFile {
	r.mu.Lock()
	tracks := append([]*recorderTrack(nil), r.tracks...)
	r.mu.Unlock()
	files := make([]RecordedFile, len(tracks))
	for i, t := range tracks {
		t.mu.Lock()
		files[i] = t.file
		files[i].Track, files[i].Err = t.info, t.err
		t.mu.Unlock()
	}
	return files
}

// Close ends all tracks and completes their files. The error joins what ended tracks early, such as a full disk or
// ErrSizeLimit. It is idempotent.
func (r *Recorder) Close() error {
	r.mu.Lock()
	r.closed = true
	tracks, webm := r.tracks, r.webm
	r.mu.Unlock()
	var errs []error
	for _, t := range tracks {
		_ = t.Close()
		t.mu.Lock()
		if t.err != errClosed {
			errs = append(errs, t.err)
		}
		t.mu.Unlock()
	}
	for _, f := range webm {
		errs = append(errs, f.w.Close())
	}
	return errors.Join(errs...)
}

// place turns the time of a frame into that of the recording. The first frame decides where the recording begins: at the
// start of the call if that was just now, else with this frame.
func (r *Recorder) place(at time.Duration) time.Duration {
	const justNow = 2 * time.Second
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.begun {
		r.begun = true
		if at > justNow {
			r.origin = at
		}
	}
	return max(at-r.origin, 0)
}

// createFile creates name in the directory, or name-2, name-3 and so on where it exists.
func (r *Recorder) createFile(name string) (io.WriteCloser, error) {
	stem, ext, _ := strings.Cut(name, ".")
	for n := 1; ; n++ {
		if n > 1 {
			name = fmt.Sprintf("%s-%d.%s", stem, n, ext)
		}
		f, err := os.OpenFile(filepath.Join(r.dir, name), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, os.ErrExist) || n == 10000 {
			return nil, err
		}
	}
}

// create makes a file and finds out its path.
func (r *Recorder) create(name string) (io.WriteCloser, string, error) {
	w, err := r.options.Create(name)
	if err != nil {
		return nil, "", fmt.Errorf("file: recorder: %w", err)
	}
	if f, ok := w.(interface{ Name() string }); ok {
		name = f.Name()
	}
	return w, name, nil
}
