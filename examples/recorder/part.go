package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
)

// unfinished ends the name of a file that is still written. What is in it can be played up to there.
const unfinished = ".part"

// mostNames are tried before a file or folder is not made.
const mostNames = 10_000

// A folder is where one call's files go.
type folder struct {
	path    string
	limit   int64 // bytes, of all files together
	written atomic.Int64
	full    chan struct{} // gets a value when the limit is reached
}

// newFolder makes a folder of its own below dir. Its name says when, and nothing of who.
func newFolder(dir, name string, limit int64) (*folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	for n := 1; ; n++ {
		path := filepath.Join(dir, name)
		if n > 1 {
			path = fmt.Sprintf("%s-%d", path, n)
		}
		err := os.Mkdir(path, 0o700)
		if err == nil {
			return &folder{path: path, limit: limit, full: make(chan struct{}, 1)}, nil
		}
		if !os.IsExist(err) || n == mostNames {
			return nil, err
		}
	}
}

// create makes the file stem.ext, or stem-2.ext where that exists, for its owner alone.
func (d *folder) create(stem, ext string) (*part, error) {
	for n := 1; n <= mostNames; n++ {
		path := filepath.Join(d.path, stem+ext)
		if n > 1 {
			path = filepath.Join(d.path, fmt.Sprintf("%s-%d%s", stem, n, ext))
		}
		if exists(path) {
			continue
		}
		f, err := os.OpenFile(path+unfinished, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		if os.IsExist(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		p := &part{File: f, folder: d}
		if !exists(path) {
			return p, nil // nobody else makes it while p is there
		}
		if err := p.discard(); err != nil {
			return nil, err
		}
	}
	return nil, os.ErrExist
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// A part is a file that has its name when it is closed.
type part struct {
	*os.File
	folder *folder
	closed bool
}

// Name is the path that the file will have.
func (p *part) Name() string { return strings.TrimSuffix(p.File.Name(), unfinished) }

// Write counts against the folder's limit. It does not refuse: what one frame is too much leaves the file whole, and
// whoever reads full ends the recording.
func (p *part) Write(b []byte) (int, error) {
	n, err := p.File.Write(b)
	if p.folder.written.Add(int64(n)) >= p.folder.limit {
		select {
		case p.folder.full <- struct{}{}:
		default:
		}
	}
	return n, err
}

// Close gives the file its name.
func (p *part) Close() error {
	if p.closed {
		return nil
	}
	p.closed = true
	if err := p.File.Close(); err != nil {
		return err
	}
	return os.Rename(p.File.Name(), p.Name())
}

// discard removes a file that nothing was written into.
func (p *part) discard() error {
	p.closed = true
	return errors.Join(p.File.Close(), os.Remove(p.File.Name()))
}
