package echo

import "github.com/sotto-calls/sotto/media"

// A Tee gives each frame of a track to a recording and to a mirror; either may be nil. It never fails: a recording that
// ends, as on a full disk, ends alone, and the echo goes on.
type Tee struct {
	Record media.Sink
	Mirror *Mirror
	Lost   func(error) // told once, when the recording ends early
}

// WriteFrame returns nil.
func (t *Tee) WriteFrame(f media.Frame) error {
	if t.Record != nil {
		if err := t.Record.WriteFrame(f); err != nil {
			t.Lost(err)
			t.Record = nil
		}
	}
	if t.Mirror != nil {
		t.Mirror.Put(f)
	}
	return nil
}

// Close completes the recording.
func (t *Tee) Close() error {
	if t.Record == nil {
		return nil
	}
	return t.Record.Close()
}
