package ffmpeg

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/file"
)

// A track is the sink of one track of a Recording.
type track struct {
	p      *Participant
	info   media.TrackInfo
	number int

	mu      sync.Mutex // held over a write, so that Close waits for it
	part    *part
	sink    media.Sink // into part; nil before the first frame
	ended   bool
	err     error // why it ended early
	refused int   // frames that no file can hold
}

// WriteFrame appends a frame to the track's part, or passes over one that no file can hold.
func (t *track) WriteFrame(f media.Frame) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.err != nil:
		return t.err
	case t.ended:
		return errClosed
	case len(f.Data) == 0 || t.sink == nil && !t.begins(f):
		return nil
	}
	err := t.write(f)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, file.ErrFrame): // a peer's fault: the part goes on
		t.refused++
		return nil
	}
	t.err = err
	if t.sink != nil {
		_ = t.sink.Close()
	}
	return t.err
}

// begins reports whether a decoder can begin with a frame. A peer may call anything a key frame.
func (t *track) begins(f media.Frame) bool {
	switch t.info.Codec {
	case media.Opus, media.PCMU, media.PCMA:
		return true
	case media.H264:
		return f.Key && avcStart(units(f.Data)) != nil
	}
	return f.Key && file.KeyFrame(t.info.Codec, f.Data)
}

func (t *track) write(f media.Frame) (err error) {
	f.Time = t.p.r.place(t.p, f.Time)
	if t.sink == nil {
		if err := t.create(); err != nil {
			return err
		}
	}
	return t.sink.WriteFrame(f)
}

// create makes the file of the track.
func (t *track) create() error {
	f, err := os.OpenFile(filepath.Join(t.p.r.dir, t.name()), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("ffmpeg: record: %w", err)
	}
	t.part = &part{f: f, r: t.p.r}
	switch t.info.Codec {
	case media.Opus:
		t.sink = file.NewOggWriter(t.part, file.OggOptions{})
	case media.H264:
		t.sink = &flvWriter{w: t.part}
	case media.PCMU, media.PCMA:
		t.sink = newFLVSound(t.part, t.info.Codec)
	default:
		t.sink = file.NewIVFWriter(t.part, file.IVFOptions{Codec: t.info.Codec})
	}
	return nil
}

// recorded reports whether there is something in the track's file. It is for the recording's end.
func (t *track) recorded() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.part != nil && t.part.size > 0
}

// Close completes the track's part. It is idempotent.
func (t *track) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended || t.err != nil {
		return nil
	}
	t.ended = true
	if t.sink != nil {
		t.err = t.sink.Close()
	}
	return t.err
}

// finish is Close for the recording's end. It returns why the track ended early, or is not whole.
func (t *track) finish() error {
	_ = t.Close()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err == nil && t.refused > 0 {
		return fmt.Errorf("ffmpeg: record: %d frames of %s: %w", t.refused, t.info.Kind, file.ErrFrame)
	}
	return t.err
}
