package ffmpeg

import (
	"os"

	"github.com/sotto-calls/sotto/media/file"
)

// A part is the file of a track. What is written to it counts against the limit of the recording, and not what came: a
// writer adds headers, and fillers where a peer's times jump. It has no other method that makes a file longer.
type part struct {
	f    *os.File
	r    *Recording
	size int64 // bytes written
}

// Write fails with file.ErrSizeLimit, and so for all parts once it did.
func (p *part) Write(b []byte) (int, error) {
	if !p.r.spend(len(b)) {
		return 0, file.ErrSizeLimit
	}
	n, err := p.f.Write(b)
	p.size += int64(n)
	return n, err
}

// spend counts bytes that are about to be written, if they may be.
func (r *Recording) spend(n int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.full = r.full || r.cfg.MaxBytes > 0 && int64(n) > r.cfg.MaxBytes-r.bytes; r.full {
		return false
	}
	r.bytes += int64(n)
	return true
}

// WriteAt completes a header.
func (p *part) WriteAt(b []byte, at int64) (int, error) { return p.f.WriteAt(b, at) }

// Truncate and Seek take back what a failed write has left behind.
func (p *part) Truncate(size int64) error {
	p.size = size
	return p.f.Truncate(size)
}

func (p *part) Seek(offset int64, whence int) (int64, error) { return p.f.Seek(offset, whence) }

// Sync lets a full disk be reported.
func (p *part) Sync() error { return p.f.Sync() }

func (p *part) Close() error { return p.f.Close() }
