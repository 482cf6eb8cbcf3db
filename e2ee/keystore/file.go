package keystore

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// ReadFile reads a file of at most MaxFile bytes. It never writes.
func ReadFile(path string) ([]byte, error) { return readBounded(path, MaxFile) }

func readBounded(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("keystore: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fmt.Errorf("keystore: %w", err)
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("keystore: %s has more than %d bytes", path, limit)
	}
	return b, nil
}

// CreateFile writes data to a new file of mode 0600. If path exists, the error wraps fs.ErrExist and nothing changes:
// an identity is never overwritten by another one.
func CreateFile(path string, data []byte) error {
	return write(path, data, func(tmp string) error {
		err := os.Link(tmp, path) // fails if path exists, in one step
		if err == nil || errors.Is(err, fs.ErrExist) {
			return err
		}
		// A file system without hard links: two steps, and whoever creates path between them loses it.
		if _, err := os.Lstat(path); err == nil {
			return &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}
		}
		return os.Rename(tmp, path)
	})
}

// ReplaceFile writes data to path, which holds the old content or the new one at every moment, whole.
func ReplaceFile(path string, data []byte) error {
	return write(path, data, func(tmp string) error { return os.Rename(tmp, path) })
}

// write makes a temporary file beside path, syncs it, has it put in place, and syncs the folder.
func write(path string, data []byte, place func(tmp string) error) (err error) {
	dir := filepath.Dir(path)
	tmp, err := os.CreateTemp(dir, "."+filepath.Base(path)+".tmp-*") // mode 0600
	if err != nil {
		return fmt.Errorf("keystore: %w", err)
	}
	defer os.Remove(tmp.Name()) // what is left of it, if anything
	_, err = tmp.Write(data)
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err == nil {
		err = place(tmp.Name())
	}
	if err == nil {
		err = syncDir(dir)
	}
	if err != nil {
		return fmt.Errorf("keystore: write %s: %w", path, err)
	}
	return nil
}

// syncDir makes a rename last. Windows cannot sync a folder.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
