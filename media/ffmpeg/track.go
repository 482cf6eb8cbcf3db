package ffmpeg

import (
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

	mu     sync.Mutex // held over a write, so that Close waits for it
	sink   media.Sink // nil before the first frame
	frames int
	ended  bool
	err    error // why it ended early
}

// WriteFrame appends a frame to the track's part.
func (t *track) WriteFrame(f media.Frame) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.err != nil:
		return t.err
	case t.ended:
		return errClosed
	case len(f.Data) == 0 || t.sink == nil && t.info.Codec != media.Opus && !f.Key:
		return nil
	}
	t.err = t.write(f)
	if t.err != nil && t.sink != nil {
		_ = t.sink.Close()
	}
	return t.err
}

func (t *track) write(f media.Frame) (err error) {
	if f.Time, err = t.p.r.place(t.p, f); err != nil {
		return err
	}
	if t.sink == nil {
		if t.sink, err = t.create(); err != nil {
			return err
		}
	}
	if err := t.sink.WriteFrame(f); err != nil {
		return err
	}
	t.frames++
	return nil
}

// create makes the file of the track.
func (t *track) create() (media.Sink, error) {
	f, err := os.OpenFile(filepath.Join(t.p.r.dir, t.name()), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("ffmpeg: record: %w", err)
	}
	switch t.info.Codec {
	case media.Opus:
		return file.NewOggWriter(f, file.OggOptions{}), nil
	case media.H264:
		return &flvWriter{w: f}, nil
	}
	return file.NewIVFWriter(f, file.IVFOptions{Codec: t.info.Codec}), nil
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

// finish is Close for the recording's end. It returns why the track ended early.
func (t *track) finish() error {
	_ = t.Close()
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}
