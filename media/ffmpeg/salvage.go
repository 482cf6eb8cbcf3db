package ffmpeg

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// maxStuck is how many parts an ffmpeg may hang on until no more are tried: each takes the time that it is waited for.
const maxStuck = 3

// together makes the result of the parts. A peer decides what is in its own and must not spoil those of the others: if
// ffmpeg fails, what it cannot read alone is left out. bad says what that is; used are the others.
func (r *Recording) together(parts []*track, result string) (used []*track, bad, err error) {
	err = r.mux(parts, result)
	if err == nil || len(parts) == 1 {
		return parts, nil, err
	}
	used, bad = r.readable(parts)
	if len(used) == 0 || len(used) == len(parts) {
		return nil, nil, err // it is not the parts: no room, for one
	}
	_ = os.Remove(filepath.Join(r.dir, result)) // what the first try has left, which ffmpeg would not overwrite
	return used, bad, r.mux(used, result)
}

// readable tries each part alone. Without good ones it gave up.
func (r *Recording) readable(parts []*track) (good []*track, bad error) {
	trial := "trial" + r.ext
	var errs []error
	stuck := 0
	for _, t := range parts {
		err := r.mux([]*track{t}, trial)
		_ = os.Remove(filepath.Join(r.dir, trial))
		if err == nil {
			good = append(good, t)
			continue
		}
		errs = append(errs, fmt.Errorf("%s: %w", t.name(), err))
		if errors.Is(err, errNowhere) {
			stuck++
		}
		if stuck == maxStuck {
			return nil, nil
		}
	}
	return good, errors.Join(errs...)
}
