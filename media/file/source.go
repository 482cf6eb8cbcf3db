package file

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/sotto-calls/sotto/media"
	"github.com/sotto-calls/sotto/media/internal/pace"
)

// maxLead is how late a file's first frame may be for the wait to be meant: the tracks of a recording seldom begin
// together. A file that was cut out of a longer one begins at once instead.
const maxLead = 10 * time.Second

// SourceOptions says how a file is played. The zero value plays it once.
type SourceOptions struct {
	Loop  bool   // begin again at the end; the times go on
	Label string // the track's label; "": the file's name
}

// A Source plays a file at its own pace: Read returns each frame when it is due, counted from the first Read. It is a
// media.Source. Sources that are first read together stay together.
//
// A reader that is late gets what is due at once. One that has stayed away for more than a second has paused: the file
// goes on where it was, and the times of its frames have grown by the pause.
type Source struct {
	track  media.TrackInfo
	name   string
	format Format
	loop   bool

	reader FrameReader   // with the fields below: the goroutine that calls Read
	ahead  media.Frame   // the next frame; its Duration is not final
	err    error         // why there is no frame ahead
	base   time.Duration // added to the file's times: the rounds before this one
	last   time.Duration // of the frame before, for one that does not say
	clock  *pace.Clock

	in    io.Reader
	close sync.Once
	cerr  error
}

// A Format opens the reader of one kind of file: [Ogg], [IVF], [WAV] or the result of [AnnexB].
type Format func(io.Reader) (FrameReader, error)

// OpenOgg plays the Opus track of an Ogg file.
func OpenOgg(path string, o SourceOptions) (*Source, error) { return Open(path, Ogg, o) }

// OpenIVF plays the VP8, VP9 or AV1 track of an IVF file.
func OpenIVF(path string, o SourceOptions) (*Source, error) { return Open(path, IVF, o) }

// OpenWAV plays a WAV file as uncompressed audio; see [PCM16] for what that can be used for.
func OpenWAV(path string, o SourceOptions) (*Source, error) { return Open(path, WAV, o) }

// OpenAnnexB plays an H264 byte stream with so many pictures a second.
func OpenAnnexB(path string, fps Rational, o SourceOptions) (*Source, error) {
	return Open(path, AnnexB(fps), o)
}

// Open plays the file at path. Errors name the file; those about its content match ErrFormat.
func Open(path string, format Format, o SourceOptions) (*Source, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, named(filepath.Base(path), errors.Unwrap(err))
	}
	if o.Label == "" {
		o.Label = filepath.Base(path)
	}
	return NewSource(f, format, o)
}

// NewSource plays what r holds. It takes r over: Close, or an error here, closes r if that is an io.Closer. Loop needs an
// io.Seeker. Label serves as the name in errors.
func NewSource(r io.Reader, format Format, o SourceOptions) (*Source, error) {
	s := &Source{name: o.Label, format: format, loop: o.Loop, in: r, clock: pace.New()}
	err := s.rewind(o.Loop)
	if err == nil {
		s.fetch()
		if s.err != nil && s.err != io.EOF {
			err = s.err
		} else if s.err == io.EOF && o.Loop {
			err = errors.New("no frames to play in a loop")
		}
	}
	if err != nil {
		_ = s.Close()
		return nil, named(s.name, err)
	}
	s.track = s.reader.Track()
	s.track.Label = o.Label
	if s.ahead.Time > maxLead {
		s.base = -s.ahead.Time
	}
	return s, nil
}

// rewind begins to read the file, after seeking to its start if asked.
func (s *Source) rewind(seek bool) error {
	if seek {
		seeker, ok := s.in.(io.Seeker)
		if !ok {
			return errors.New("cannot play in a loop: no way to go back to the start")
		}
		if _, err := seeker.Seek(0, io.SeekStart); err != nil {
			return err
		}
	}
	reader, err := s.format(s.in)
	s.reader = reader
	return err
}

func (s *Source) fetch() { s.ahead, s.err = s.reader.ReadFrame() }

// Track describes the file's track.
func (s *Source) Track() media.TrackInfo { return s.track }

// Read returns the next frame when it is due. After the last one the error is io.EOF, after Close it matches
// fs.ErrClosed, and for a file that turns out to be damaged ErrFormat.
func (s *Source) Read(ctx context.Context) (media.Frame, error) {
	if s.err != nil {
		return media.Frame{}, s.failure(s.err)
	}
	at, err := s.clock.Wait(ctx, s.base+s.ahead.Time)
	if err != nil {
		return media.Frame{}, s.failure(err)
	}
	f := s.ahead
	s.fetch()
	s.measure(&f)
	if s.err == io.EOF && s.loop {
		s.again(f)
	}
	f.Time = at
	return f, nil
}

// again goes back to the start, so that the next round begins when this one ends.
func (s *Source) again(last media.Frame) {
	const shortest = 20 * time.Millisecond // a file that claims to last no time at all shall not spin
	s.base += last.Time + max(last.Duration, shortest)
	if s.err = s.rewind(true); s.err == nil {
		s.fetch()
	}
	s.base -= s.ahead.Time
}

// measure completes the frame's duration from the time of the frame after it. The last frame keeps what its reader said.
func (s *Source) measure(f *media.Frame) {
	if f.Duration == 0 && s.err == nil {
		f.Duration = s.ahead.Time - f.Time
	}
	if f.Duration == 0 {
		f.Duration = s.last
	}
	s.last = f.Duration
}

func (s *Source) failure(err error) error {
	switch {
	case err == io.EOF, errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	return named(s.name, err)
}

// Close closes the file and ends a Read that waits. It is idempotent and may be called from any goroutine.
func (s *Source) Close() error {
	s.close.Do(func() {
		s.clock.Close()
		if c, ok := s.in.(io.Closer); ok {
			if err := c.Close(); err != nil && !errors.Is(err, fs.ErrClosed) {
				s.cerr = named(s.name, err)
			}
		}
	})
	return s.cerr
}
