package file

import (
	"fmt"
	"io"
	"sync"
)

// output writes one file so that it stays readable whatever happens: each write is a whole unit of the format, and one
// that fails half-way is cut off again where the writer allows it.
type output struct {
	w      io.Writer
	budget *budget // shared by the files of a recording; nil: no limit
	size   int64   // bytes written
	err    error   // the first failure; nothing is written after it
	closed bool
}

// budget is how many bytes a recording may still write. Once refused, it refuses everything: all tracks end together.
type budget struct {
	mu    sync.Mutex
	left  int64
	spent bool
}

func (b *budget) take(n int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.spent || int64(n) > b.left {
		b.spent = true
		return false
	}
	b.left -= int64(n)
	return true
}

// reserve claims n bytes of the size limit for what will be written.
func (o *output) reserve(n int) error {
	if o.err == nil && o.budget != nil && !o.budget.take(n) {
		o.err = ErrSizeLimit
	}
	return o.err
}

// write appends a unit of the format. After ErrSizeLimit it still writes what was reserved before.
func (o *output) write(p []byte) error {
	if o.err != nil && o.err != ErrSizeLimit {
		return o.err
	}
	n, err := o.w.Write(p)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	if err != nil {
		o.err = fmt.Errorf("file: %w", err)
		o.cut()
		return o.err
	}
	o.size += int64(n)
	return nil
}

// cut removes what a failed write has left behind.
func (o *output) cut() {
	f, ok := o.w.(interface {
		io.Seeker
		Truncate(size int64) error
	})
	if !ok {
		return
	}
	if f.Truncate(o.size) == nil {
		_, _ = f.Seek(o.size, io.SeekStart)
	}
}

// patch overwrites bytes written earlier, in a header. A writer that cannot is left as it is: the headers are valid
// without, they only say less.
func (o *output) patch(p []byte, at int64) error {
	f, ok := o.w.(io.WriterAt)
	if !ok {
		return nil
	}
	if _, err := f.WriteAt(p, at); err != nil {
		return fmt.Errorf("file: %w", err)
	}
	return nil
}

// close ends the file: what the system holds back is written out first, so that a full disk is reported.
func (o *output) close() error {
	if o.closed {
		return nil
	}
	o.closed = true
	var err error
	if f, ok := o.w.(interface{ Sync() error }); ok {
		err = f.Sync()
	}
	if f, ok := o.w.(io.Closer); ok {
		if cerr := f.Close(); err == nil {
			err = cerr
		}
	}
	if err != nil {
		return fmt.Errorf("file: %w", err)
	}
	return nil
}
