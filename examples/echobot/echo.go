package main

import (
	"context"
	"io"
	"sync"

	"github.com/sotto-calls/sotto/media"
)

// An echo has a mirror for each kind of media that is sent back.
type echo struct {
	mirrors []*mirror

	mu  sync.Mutex
	key func() // asks the caller for a key frame; nil before the call is there
}

func newEcho(kinds media.Kinds) *echo {
	e := &echo{}
	if kinds.Audio {
		e.add(media.TrackInfo{Kind: media.Audio, Codec: media.Opus, ClockRate: 48000, Channels: 2, Label: "echo"})
	}
	if kinds.Video {
		e.add(media.TrackInfo{Kind: media.Video, Codec: media.VP8, ClockRate: 90000, Label: "echo"})
	}
	return e
}

func (e *echo) add(track media.TrackInfo) {
	e.mirrors = append(e.mirrors, &mirror{echo: e, track: track, frames: make(chan media.Frame, backlog), closed: make(chan struct{})})
}

func (e *echo) sources() []media.Source {
	s := make([]media.Source, len(e.mirrors))
	for i, m := range e.mirrors {
		s[i] = m
	}
	return s
}

// mirror is the one of this kind; nil if there is none.
func (e *echo) mirror(k media.Kind) *mirror {
	for _, m := range e.mirrors {
		if m.track.Kind == k {
			return m
		}
	}
	return nil
}

// upstream says how the caller is asked for a key frame.
func (e *echo) upstream(ask func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.key = ask
}

func (e *echo) askKey() {
	e.mu.Lock()
	ask := e.key
	e.mu.Unlock()
	if ask != nil {
		ask()
	}
}

func (e *echo) dropped() (n int) {
	for _, m := range e.mirrors {
		m.mu.Lock()
		n += m.dropped
		m.mu.Unlock()
	}
	return n
}

// backlog is how many frames may wait to be sent back: 2 s of audio, more of video.
const backlog = 100

// A mirror is the media.Source of what comes back: the frames as they came, with their times.
type mirror struct {
	echo   *echo
	track  media.TrackInfo
	frames chan media.Frame

	closing sync.Once
	closed  chan struct{}

	mu      sync.Mutex // guards what the writer keeps
	resync  bool       // frames are dropped until a key frame comes
	dropped int
}

// put takes a frame. It never waits: what cannot be sent as fast as it comes, or not at all (on hold), is dropped, up to
// the next picture that can be shown without those before.
func (m *mirror) put(f media.Frame) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.resync && f.Key {
		m.resync = false
	}
	if !m.resync {
		select {
		case m.frames <- f:
			return
		default:
			m.resync = m.track.Kind == media.Video
		}
	}
	m.dropped++
	if m.resync {
		m.echo.askKey()
	}
}

// Track describes what Read yields.
func (m *mirror) Track() media.TrackInfo { return m.track }

// Read waits for the next frame. The caller's clock paces it.
func (m *mirror) Read(ctx context.Context) (media.Frame, error) {
	select {
	case f := <-m.frames:
		return f, nil
	case <-m.closed:
		return media.Frame{}, io.EOF
	case <-ctx.Done():
		return media.Frame{}, ctx.Err()
	}
}

// ForceKeyFrame passes the request on: the encoder is the caller's.
func (m *mirror) ForceKeyFrame() { m.echo.askKey() }

// Close ends Read.
func (m *mirror) Close() error {
	m.closing.Do(func() { close(m.closed) })
	return nil
}
