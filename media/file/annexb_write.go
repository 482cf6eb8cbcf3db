package file

import (
	"io"

	"github.com/sotto-calls/sotto/media"
)

// An AnnexBWriter writes H264 access units one after the other. It is a media.Sink: WriteFrame and Close are for one
// goroutine. Times are lost: the byte stream has none.
type AnnexBWriter struct{ out output }

// NewAnnexBWriter returns a writer to w, which it takes over: Close closes w if that is an io.Closer.
func NewAnnexBWriter(w io.Writer) *AnnexBWriter { return &AnnexBWriter{out: output{w: w}} }

// WriteFrame appends an access unit, which begins with a start code.
func (a *AnnexBWriter) WriteFrame(f media.Frame) error {
	if err := checkFrame(&a.out, media.H264, f); err != nil {
		return err
	}
	if err := a.out.reserve(len(f.Data)); err != nil {
		return err
	}
	return a.out.write(f.Data)
}

// Close closes the file. It is idempotent.
func (a *AnnexBWriter) Close() error { return a.out.close() }
