package file

import (
	"fmt"
	"sync"

	"github.com/sotto-calls/sotto/media"
)

// recorderTrack is the sink of one track of a Recorder.
type recorderTrack struct {
	r    *Recorder
	info media.TrackInfo

	mu    sync.Mutex // held over a write, so that Close waits for it
	sink  media.Sink // nil before the first frame
	file  RecordedFile
	ended bool
	err   error
}

// WriteFrame records a frame, or passes over one that no file can hold. After an error the track has ended, and its file is
// complete up to there.
func (t *recorderTrack) WriteFrame(f media.Frame) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended {
		if t.err != nil {
			return t.err
		}
		return errClosed
	}
	if !canRecord(t.info.Codec) {
		t.ended, t.err = true, fmt.Errorf("file: a recorder cannot write %q", t.info.Codec)
		return t.err
	}
	if checkData(t.info.Codec, f.Data) != nil { // a peer's fault: the file goes on
		t.file.Refused++
		return nil
	}
	f.Time = t.r.place(f.Time)
	t.file.Missing += int64(f.Missing)
	if t.sink == nil && t.info.Kind == media.Video && !parsePicture(t.info.Codec, f.Data).key {
		t.file.Skipped++
		return nil
	}
	if err := t.write(f); err != nil {
		t.err = err
		t.end()
		return err
	}
	return nil
}

func (t *recorderTrack) write(f media.Frame) error {
	if t.sink == nil {
		sink, path, err := t.r.open(t.info)
		if err != nil {
			return err
		}
		t.sink = sink
		t.file.Path, t.file.Start = path, f.Time
	}
	if err := t.sink.WriteFrame(f); err != nil {
		return err
	}
	t.file.Frames++
	t.file.End = f.Time + f.Duration
	return nil
}

// Close completes the track's file. It is idempotent.
func (t *recorderTrack) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended {
		return nil
	}
	t.end()
	return t.err
}

func (t *recorderTrack) end() {
	t.ended = true
	if t.sink == nil {
		return
	}
	if err := t.sink.Close(); err != nil && t.err == nil {
		t.err = err
	}
}

// open creates the file of a track, or finds the WebM file that has room for it.
func (r *Recorder) open(info media.TrackInfo) (media.Sink, string, error) {
	switch {
	case r.options.WebM && (info.Codec == media.Opus || info.Codec == media.VP8):
		return r.openWebM(info)
	case info.Codec == media.Opus:
		return r.openOgg()
	case info.Codec == media.PCMU || info.Codec == media.PCMA:
		return r.openG711(info.Codec)
	case info.Codec == media.H264:
		return r.openAnnexB()
	default:
		return r.openIVF(info.Codec)
	}
}

// canRecord reports whether there is a format for a codec.
func canRecord(codec media.Codec) bool {
	switch codec {
	case media.Opus, media.PCMU, media.PCMA, media.VP8, media.VP9, media.H264, media.AV1:
		return true
	}
	return false
}

func (r *Recorder) openAnnexB() (media.Sink, string, error) {
	w, path, err := r.create("video.h264")
	if err != nil {
		return nil, "", err
	}
	a := NewAnnexBWriter(w)
	a.out.budget = r.budget
	return a, path, nil
}

func (r *Recorder) openOgg() (media.Sink, string, error) {
	w, path, err := r.create("audio.ogg")
	if err != nil {
		return nil, "", err
	}
	o := NewOggWriter(w, OggOptions{})
	o.out.budget = r.budget
	return o, path, nil
}

func (r *Recorder) openG711(codec media.Codec) (media.Sink, string, error) {
	w, path, err := r.create("audio.wav")
	if err != nil {
		return nil, "", err
	}
	g, err := NewG711Writer(w, codec)
	if err != nil {
		return nil, "", err
	}
	g.out.budget = r.budget
	return g, path, nil
}

func (r *Recorder) openIVF(codec media.Codec) (media.Sink, string, error) {
	w, path, err := r.create("video.ivf")
	if err != nil {
		return nil, "", err
	}
	v := NewIVFWriter(w, IVFOptions{Codec: codec})
	v.out.budget = r.budget
	return v, path, nil
}

// webmFile has room for one audio and one video track; the room that nobody takes leaves no trace.
type webmFile struct {
	w     *WebMWriter
	path  string
	taken [2]bool
}

func (r *Recorder) openWebM(info media.TrackInfo) (media.Sink, string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, "", errClosed
	}
	room := 0
	if info.Codec == media.VP8 {
		room = 1
	}
	if n := len(r.webm); n == 0 || r.webm[n-1].taken[room] {
		w, path, err := r.create("recording.webm")
		if err != nil {
			return nil, "", err
		}
		m, err := NewWebMWriter(w, media.TrackInfo{Codec: media.Opus}, media.TrackInfo{Codec: media.VP8})
		if err != nil {
			return nil, "", err
		}
		m.out.budget = r.budget
		r.webm = append(r.webm, &webmFile{w: m, path: path})
	}
	f := r.webm[len(r.webm)-1]
	f.taken[room] = true
	return f.w.Sink(room), f.path, nil
}
