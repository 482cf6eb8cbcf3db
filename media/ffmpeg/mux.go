package ffmpeg

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/sotto-calls/sotto/media"
)

const (
	muxPatience = 5 * time.Second // an ffmpeg that has written nothing for so long is ended
	muxLook     = 100 * time.Millisecond
)

// errNowhere ends an ffmpeg that does nothing.
var errNowhere = errors.New("it got nowhere and was ended")

// publish puts the parts together and into place, and removes them. If that fails they stay.
func (r *Recording) publish(parts []*track) error {
	if len(parts) == 0 {
		return errors.Join(errors.New("ffmpeg: nothing was recorded: no frame came, or no key frame"),
			os.Remove(r.cfg.Path), os.RemoveAll(r.dir))
	}
	result := "result" + r.ext
	used, bad, err := r.together(parts, result)
	if err == nil {
		err = os.Chmod(filepath.Join(r.dir, result), 0o600)
	}
	if err == nil {
		err = os.Rename(filepath.Join(r.dir, result), r.cfg.Path) // over the empty file that Record made
	}
	if err != nil {
		_ = os.Remove(r.cfg.Path)
		return fmt.Errorf("%w (what was recorded is in %s)", err, r.dir)
	}
	if bad != nil {
		for _, t := range used {
			_ = os.Remove(filepath.Join(r.dir, t.name())) // what stays is only there twice
		}
		return fmt.Errorf("%w (the recording is without it; it is in %s)", bad, r.dir)
	}
	if err := os.RemoveAll(r.dir); err != nil {
		return fmt.Errorf("ffmpeg: record: %w", err)
	}
	return nil
}

// mux runs ffmpeg in the directory of the parts, on names that are ours: what the user calls the file is never told to it.
func (r *Recording) mux(parts []*track, result string) error {
	args := []string{"-nostdin", "-hide_banner", "-loglevel", "error", "-n", "-copyts"}
	var maps []string
	for i, t := range parts {
		args = append(args, "-protocol_whitelist", "file", "-f", t.format(), "-i", "file:"+t.name())
		maps = append(maps, "-map", fmt.Sprintf("%d:0", i))
		if t.p.name != "" {
			maps = append(maps, fmt.Sprintf("-metadata:s:%d", i), "title="+t.p.name)
		}
	}
	args = append(args, maps...)
	args = append(args, "-c", "copy", "-strict", "experimental", "-max_interleave_delta", "0", "file:"+result)
	p, err := command{op: "put the recording together", program: r.program.path, args: args, dir: r.dir}.start()
	if err != nil {
		return err
	}
	defer p.stop()
	ticker := time.NewTicker(muxLook)
	defer ticker.Stop()
	last, since := int64(-1), time.Now()
	for {
		select {
		case <-p.done:
			return p.failure()
		case now := <-ticker.C:
			size := int64(0)
			if info, err := os.Stat(filepath.Join(r.dir, result)); err == nil {
				size = info.Size()
			}
			if size != last {
				last, since = size, now
			}
			if now.Sub(since) > r.patience {
				p.stop()
				return &Error{Op: p.op, Words: p.tail.words(), Err: errNowhere}
			}
		}
	}
}

// name is that of the track's file in the directory of the parts.
func (t *track) name() string { return fmt.Sprintf("%d.%s", t.number, t.format()) }

// format is what ffmpeg calls the format of the track's file.
func (t *track) format() string {
	switch t.info.Codec {
	case media.Opus:
		return "ogg"
	case media.H264, media.PCMU, media.PCMA:
		return "flv"
	}
	return "ivf"
}
