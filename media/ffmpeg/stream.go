package ffmpeg

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"

	"github.com/sotto-calls/sotto/media"
)

const (
	startTimeout = 20 * time.Second       // for the first picture and the first sound
	stall        = 10 * time.Second       // a live input without a picture, or sound if it has none, for so long is away
	minBackoff   = 200 * time.Millisecond // before ffmpeg is started again, doubled each time
	maxBackoff   = 5 * time.Second
)

// A Stream is an input while it is open: one ffmpeg process, and the goroutines that read from it.
//
// A live input (camera, screen, RTSP, [Format]) is never waited for. What is not read in time is dropped: the oldest sound
// after 0.2 s, and after 0.5 s all pictures up to the next key frame. If ffmpeg ends (the device was pulled, the network is
// gone), Config.Notify is told with its last words, and it is started again after 0.2 s, then 0.4 s, up to 5 s. The call
// stays up meanwhile: Read waits. When all tracks are muted the process ends, so the device is let go, and its lamp goes
// out; when one is unmuted it starts again, with a key frame. While one track is muted and the other is not, the device
// stays open: open a camera and a microphone as two streams to mute them apart.
//
// A file is played at its own pace from the first Read on. One of its tracks that is not read loses what is played
// meanwhile; if none is read for a second the file stands still. Muting does not change that.
//
// A key frame cannot be asked for, nor another bitrate: ffmpeg takes no such order while it runs, and to start it again for
// every lost packet would make a camera blink and leave a hole longer than the wait. So the sources are no
// media.KeyFramer: Config.KeyInterval bounds how long a receiver waits.
type Stream struct {
	plan plan
	live bool

	video, audio *source // nil if there is none

	ctx     context.Context // ends with Close
	cancel  context.CancelFunc
	changed chan struct{} // what is wanted has changed
	done    chan struct{} // the supervisor has ended

	mu      sync.Mutex
	start   time.Time     // when time 0 was due
	shift   time.Duration // file: all pauses so far
	offset  time.Duration // live: of run
	run     int           // live: the number of the process whose frames came last
	arrived time.Time     // of the last frame of the track that is watched
	pid     int           // of the process; 0: none
	starts  int
	down    bool // Notify was told that it is away
	closed  bool
	lastErr error
}

// Open starts ffmpeg on an input and returns when the first of each track has come. ctx bounds Open only; it takes 20 s at
// most. Errors: ErrNoFFmpeg; what is wrong with in or cfg, all faults joined; *Error; for live inputs a *media.DeviceError.
// On Windows a process cannot have two pipes to us: open an input that has both kinds twice, with NoAudio and NoVideo.
func Open(ctx context.Context, in Input, cfg Config) (*Stream, error) {
	cfg, err := cfg.withDefaults(in)
	if err = errors.Join(in.check(), err); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	p, err := find(ctx, cfg.Program)
	if err != nil {
		return nil, err
	}
	in = in.forVersion(p)
	has, err := in.look(ctx, p, cfg)
	if err != nil {
		return nil, in.failure(err, false)
	}
	if has.video && has.audio && !inherits {
		return nil, errors.New("ffmpeg: on " + runtime.GOOS + " one stream carries one track: open it twice, with NoAudio and with NoVideo")
	}
	pl, err := newPlan(p, in, cfg, has)
	if err != nil {
		return nil, err
	}
	return open(ctx, pl)
}

// failure makes a device's error of one about a live input.
func (in Input) failure(err error, opened bool) error {
	if !in.live || errors.Is(err, context.Canceled) {
		return err
	}
	return deviceError(in.name, err, opened)
}

// open starts the first process and its supervisor.
func open(ctx context.Context, pl plan) (*Stream, error) {
	s := &Stream{plan: pl, live: pl.in.live, changed: make(chan struct{}, 1), done: make(chan struct{})}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	if pl.has.video {
		s.video = newSource(s, media.Video)
	}
	if pl.has.audio {
		s.audio = newSource(s, media.Audio)
	}
	r, err := s.launch()
	if err == nil {
		if err = r.opened(ctx); err != nil {
			s.cancel() // first: a pump may wait for room in a queue
			r.stop()
		}
	}
	if err != nil {
		s.cancel()
		return nil, pl.in.failure(err, false)
	}
	s.describe(r)
	go s.supervise(r)
	return s, nil
}

// describe fills in the tracks from what has come.
func (s *Stream) describe(r *run) {
	for _, p := range r.pumps {
		info := p.reader.Track()
		info.Label = s.plan.cfg.Label
		if p.to == s.video && info.Width == 0 && s.plan.cfg.Width > 0 && s.plan.cfg.Height > 0 {
			info.Width, info.Height = s.plan.cfg.Width, s.plan.cfg.Height
		}
		p.to.info = info
	}
}

// Video is the stream's pictures, a media.Source and media.Muter; nil if there are none or they are not wanted.
func (s *Stream) Video() media.Source { return s.video.orNil() }

// Audio is the stream's sound, a media.Source and media.Muter; nil if there is none or it is not wanted.
func (s *Stream) Audio() media.Source { return s.audio.orNil() }

// orNil keeps a nil pointer from becoming an interface that is not nil.
func (q *source) orNil() media.Source {
	if q == nil {
		return nil
	}
	return q
}

// Sources are the stream's tracks, as a call takes them.
func (s *Stream) Sources() (out []media.Source) {
	for _, q := range s.tracks() {
		out = append(out, q)
	}
	return out
}

func (s *Stream) tracks() (out []*source) {
	for _, q := range []*source{s.video, s.audio} {
		if q != nil {
			out = append(out, q)
		}
	}
	return out
}

// Stats are counts since Open.
type Stats struct {
	VideoDropped, AudioDropped uint64 // frames that nobody read in time
	Starts                     int    // of ffmpeg
	PID                        int    // of the process now; 0: none is running
	Down                       bool   // a live input is away
}

// Stats is a snapshot.
func (s *Stream) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := Stats{Starts: s.starts, PID: s.pid, Down: s.down}
	if s.video != nil {
		st.VideoDropped = s.video.q.dropped
	}
	if s.audio != nil {
		st.AudioDropped = s.audio.q.dropped
	}
	return st
}

// Err is why the stream does not go on: for a file its failure, nil after its end; for a live input why it is away now. It
// is nil while all is well and after Close.
func (s *Stream) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lastErr
}

// Close ends the process and returns when it and all goroutines have ended, some two seconds at most. It is idempotent.
func (s *Stream) Close() error {
	s.mu.Lock()
	s.closed = true
	for _, q := range s.tracks() {
		q.closed = true
		signal(q.ready)
		signal(q.space)
	}
	s.mu.Unlock()
	s.cancel()
	<-s.done
	return nil
}
