package file

import (
	"errors"
	"fmt"
)

var (
	// ErrFormat is in every error about a file that is damaged or is not what it should be; see [FormatError].
	ErrFormat = errors.New("file: bad format")
	// ErrFrame is in every error about a frame that no file can hold: it is empty, too large or not of its codec. Nothing of it
	// was written, and the next one may be.
	ErrFrame = errors.New("file: no such frame can be written")
	// ErrSizeLimit ends a recording that has reached its size limit. What was written before is complete and readable.
	ErrSizeLimit = errors.New("file: size limit reached")
)

// A FormatError says what is wrong with a file and where. It matches [ErrFormat], and io.ErrUnexpectedEOF if the file
// ends too early.
type FormatError struct {
	Name   string // the file's name, empty for a plain reader
	Format string // "IVF", "Ogg Opus", "WAV", "H264 Annex B"
	Offset int64  // bytes before the part that is wrong
	Reason string
	Err    error // the cause beneath, or nil
}

func (e *FormatError) Error() string {
	name := ""
	if e.Name != "" {
		name = e.Name + ": "
	}
	if e.Offset == 0 {
		return fmt.Sprintf("file: %snot a valid %s file: %s", name, e.Format, e.Reason)
	}
	return fmt.Sprintf("file: %sbad %s at byte %d: %s", name, e.Format, e.Offset, e.Reason)
}

// Unwrap makes errors.Is find ErrFormat and the cause.
func (e *FormatError) Unwrap() []error {
	if e.Err == nil {
		return []error{ErrFormat}
	}
	return []error{ErrFormat, e.Err}
}

// named adds a file's name to an error of its reader.
func named(name string, err error) error {
	if fe, ok := errors.AsType[*FormatError](err); ok {
		fe.Name = name
		return err
	}
	return fmt.Errorf("file: %s: %w", name, err)
}
