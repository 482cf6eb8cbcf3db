package file

import (
	"bufio"
	"errors"
	"io"

	"github.com/sotto-calls/sotto/media"
)

// MaxFrame is the largest frame, in bytes, that readers accept. A frame of a call is far smaller.
const MaxFrame = 4 << 20

// growth is how much is set aside at first for data whose length the file merely claims.
const growth = 64 << 10

// A FrameReader yields the frames of a file one after the other, without pacing. Track is constant. ReadFrame returns
// io.EOF after the last frame; the frame's Data belongs to the caller. Any other error is final.
type FrameReader interface {
	Track() media.TrackInfo
	ReadFrame() (media.Frame, error)
}

// input reads a file of one format and knows how far it is.
type input struct {
	r      *bufio.Reader
	format string
	offset int64
}

func newInput(r io.Reader, format string) *input {
	return &input{r: bufio.NewReaderSize(r, 16<<10), format: format}
}

// full fills p. io.EOF means that there was not a single byte.
func (in *input) full(p []byte) error {
	n, err := io.ReadFull(in.r, p)
	in.offset += int64(n)
	return err
}

// bytes reads n bytes into a new slice, which grows as the bytes come: a file cannot claim memory that it does not fill.
func (in *input) bytes(n int) ([]byte, error) {
	p := make([]byte, min(n, growth))
	for have := 0; ; {
		m, err := io.ReadFull(in.r, p[have:])
		in.offset += int64(m)
		have += m
		if err != nil {
			return nil, noEOF(err)
		}
		if have == n {
			return p, nil
		}
		p = append(p, make([]byte, min(n-have, have))...)
	}
}

// skip passes over n bytes.
func (in *input) skip(n int64) error {
	m, err := io.CopyN(io.Discard, in.r, n)
	in.offset += m
	return noEOF(err)
}

// bad describes a fault at the reader's position; cause may be nil.
func (in *input) bad(reason string, cause error) error {
	return in.badAt(in.offset, reason, cause)
}

func (in *input) badAt(offset int64, reason string, cause error) error {
	if cause != nil && !errors.Is(cause, io.ErrUnexpectedEOF) && !errors.Is(cause, io.EOF) {
		return cause // the disk's fault, not the file's
	}
	return &FormatError{Format: in.format, Offset: offset, Reason: reason, Err: noEOF(cause)}
}

// noEOF turns an end in the middle of something into what it is.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
