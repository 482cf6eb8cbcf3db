package ffmpeg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sotto-calls/sotto/media"
)

const maxTracks = 100

// fits says what each kind of file can hold.
var fits = map[string][]media.Codec{
	".webm": {media.Opus, media.VP8, media.VP9, media.AV1},
	".mkv":  {media.Opus, media.PCMU, media.PCMA, media.VP8, media.VP9, media.AV1, media.H264},
	".mp4":  {media.Opus, media.VP9, media.AV1, media.H264},
}

// RecordConfig says what a Recording is written to.
type RecordConfig struct {
	Path     string // of the file, which must not exist: .webm (no H264), .mkv (any codec) or .mp4 (no VP8); G.711 needs .mkv. Required
	Program  string // the path of ffmpeg; "": ffmpeg in PATH
	MaxBytes int64  // of what is written for all tracks together, without what ffmpeg then makes of it; 0: no limit. A peer
	// decides how much it sends: set one where nobody watches. All tracks end when the next write would go beyond it
}

// A Recording writes the tracks of one or several participants into one file, as they came: nothing is decoded.
//
// While the call runs, each track is written into a file of its own (Ogg, IVF, FLV) in a directory beside Path, named like
// it with .parts and some digits, with the times of the call: a track that begins later begins later in its file. Close lets ffmpeg put them together
// without encoding and then removes them. It is done at the end since ffmpeg must know all tracks before it begins, and
// opens one pipe only when the one before it has brought a frame: a participant who joins, or video that is added, would
// come too late. It also means that no process runs during the call, and that a program that dies leaves readable parts.
// The disk must hold the recording twice for a moment.
//
// All methods may be called from any goroutine; the sinks are for one each.
type Recording struct {
	cfg     RecordConfig
	program program
	ext     string
	dir     string // of the parts

	patience time.Duration // with an ffmpeg that writes nothing

	mu     sync.Mutex
	start  time.Time // of time 0: the first frame of all
	tracks []*track
	peer   *Participant // of Sink
	bytes  int64        // in the parts
	full   bool         // MaxBytes is reached
	closed bool
	ended  chan struct{} // closed when Close is through
	err    error
}

// Record begins a recording: it creates the file at Path, readable by its owner only, and looks for ffmpeg.
func Record(cfg RecordConfig) (*Recording, error) {
	r := &Recording{cfg: cfg, ext: strings.ToLower(filepath.Ext(cfg.Path)), ended: make(chan struct{}), patience: muxPatience}
	var errs []error
	if fits[r.ext] == nil {
		errs = append(errs, fmt.Errorf("ffmpeg: record to %q: the name must end in .webm, .mkv or .mp4", cfg.Path))
	}
	if cfg.MaxBytes < 0 {
		errs = append(errs, errors.New("ffmpeg: MaxBytes is negative"))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	var err error
	if r.program, err = find(ctx, cfg.Program); err != nil {
		return nil, err
	}
	path, err := filepath.Abs(cfg.Path) // the program may change its directory
	if err != nil {
		return nil, fmt.Errorf("ffmpeg: record: %w", err)
	}
	r.cfg.Path = path
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("ffmpeg: record: %w", err)
	}
	_ = f.Close()
	if r.dir, err = os.MkdirTemp(filepath.Dir(path), "."+shortened(filepath.Base(path))+".parts"); err != nil {
		_ = os.Remove(path)
		return nil, fmt.Errorf("ffmpeg: record: %w", err)
	}
	r.peer = r.Participant("")
	return r, nil
}

// shortened leaves room for more in a file's name, and keeps what MkdirTemp takes for its pattern out of it.
func shortened(name string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(name[:min(len(name), 100)], "*", "_"), "_")
}

// Sink is where the frames of a track go, for call.Media.Receive: of the one participant if there is only one. Others are made
// by [Recording.Participant].
func (r *Recording) Sink(t media.TrackInfo) media.Sink { return r.peer.Sink(t) }

// A Participant is one peer of a recording. Its tracks share a clock; how its clock lies beside those of the others is
// decided by when its first frame comes.
type Participant struct {
	r      *Recording
	name   string
	placed bool
	offset time.Duration // added to the times of its frames. With placed: guarded by r.mu
}

// Participant adds a peer. Its name becomes the title of its tracks; it may be empty.
func (r *Recording) Participant(name string) *Participant {
	name = strings.ReplaceAll(strings.ToValidUTF8(name, "?"), "\x00", "?")
	return &Participant{r: r, name: name[:min(len(name), 500)]}
}

// Sink is where the frames of a track of this participant go. Video is recorded from its first key frame on. A codec that
// the file cannot hold is refused by WriteFrame.
func (p *Participant) Sink(t media.TrackInfo) media.Sink {
	r := p.r
	r.mu.Lock()
	defer r.mu.Unlock()
	k := &track{p: p, info: t}
	switch {
	case r.closed:
		k.err = errClosed
	case len(r.tracks) >= maxTracks:
		k.err = fmt.Errorf("ffmpeg: more than %d tracks in a recording", maxTracks)
	case !slices.Contains(fits[r.ext], t.Codec):
		k.err = fmt.Errorf("ffmpeg: a %s file cannot hold %q%s", r.ext, t.Codec, r.advice(t.Codec))
	default:
		k.number = len(r.tracks)
		r.tracks = append(r.tracks, k)
	}
	return k
}

// advice is what to do about a codec that the file cannot hold.
func (r *Recording) advice(codec media.Codec) string {
	if slices.Contains(fits[".mkv"], codec) {
		return ": record into .mkv"
	}
	return ""
}

// place turns the time of a participant's frame into the recording's.
func (r *Recording) place(p *Participant, at time.Duration) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	if r.start.IsZero() {
		r.start = now
	}
	if !p.placed {
		p.placed, p.offset = true, now.Sub(r.start)-at
	}
	return max(at+p.offset, 0)
}

// Close ends all tracks and lets ffmpeg write the file, which takes as long as copying it. An ffmpeg that gets nowhere for
// 5 s is ended. If it fails, a track that it cannot read is left out: the error says which, and the parts are still there
// beside the file. If there is no such track, the error says so and the file at Path is gone. Frames of the peer that no file can
// hold are left out: the error matches file.ErrFrame then, and where it matches nothing else the file is there. It is idempotent.
func (r *Recording) Close() error {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		<-r.ended
		return r.err
	}
	r.closed = true
	tracks := r.tracks
	r.mu.Unlock()
	defer close(r.ended)
	var parts []*track
	var errs []error
	for _, t := range tracks {
		if err := t.finish(); err != nil {
			errs = append(errs, err)
		}
		if t.recorded() {
			parts = append(parts, t)
		}
	}
	errs = append(errs, r.publish(parts))
	r.err = errors.Join(errs...)
	return r.err
}
