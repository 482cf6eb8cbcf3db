// Package echo sends a call's frames back to where they came from: nothing is decoded, and each frame keeps its bytes and
// its time.
package echo

import (
	"context"
	"io"
	"sync"

	"github.com/sotto-calls/sotto/media"
)

// An Echo has a Mirror for each kind of media that is sent back. Make it with New.
type Echo struct {
	mirrors []*Mirror

	mu  sync.Mutex
	key func() // asks the caller for a key frame; nil before the call is there
}

// New makes the mirrors of these kinds: Opus for audio, VP8 for video.
func New(kinds media.Kinds) *Echo {
	e := &Echo{}
	if kinds.Audio {
		e.add(media.TrackInfo{Kind: media.Audio, Codec: media.Opus, ClockRate: 48000, Channels: 2, Label: "echo"})
	}
	if kinds.Video {
		e.add(media.TrackInfo{Kind: media.Video, Codec: media.VP8, ClockRate: 90000, Label: "echo"})
	}
	return e
}

func (e *Echo) add(track media.TrackInfo) {
	e.mirrors = append(e.mirrors, &Mirror{echo: e, track: track, frames: make(chan media.Frame, backlog), closed: make(chan struct{})})
}

// Sources are what Media.Send takes: one for each mirror.
func (e *Echo) Sources() []media.Source {
	s := make([]media.Source, len(e.mirrors))
	for i, m := range e.mirrors {
		s[i] = m
	}
	return s
}

// Mirror is the one of this kind; nil if there is none.
func (e *Echo) Mirror(k media.Kind) *Mirror {
	for _, m := range e.mirrors {
		if m.track.Kind == k {
			return m
		}
	}
	return nil
}

// For is the mirror for a track of the other side: nil if there is none, or if the track is in another codec than what is
// sent back.
func (e *Echo) For(track media.TrackInfo) *Mirror {
	if m := e.Mirror(track.Kind); m != nil && m.track.Codec == track.Codec {
		return m
	}
	return nil
}

// Upstream says how the other side is asked for a key frame.
func (e *Echo) Upstream(ask func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.key = ask
}

func (e *Echo) askKey() {
	e.mu.Lock()
	ask := e.key
	e.mu.Unlock()
	if ask != nil {
		ask()
	}
}

// Dropped counts the frames that came faster than they could be sent back.
func (e *Echo) Dropped() (n int) {
	for _, m := range e.mirrors {
		m.mu.Lock()
		n += m.dropped
		m.mu.Unlock()
	}
	return n
}

// backlog is how many frames may wait to be sent back: 2 s of audio, more of video.
const backlog = 100

// A Mirror is the media.Source of what comes back: the frames as they came, with their times.
type Mirror struct {
	echo   *Echo
	track  media.TrackInfo
	frames chan media.Frame

	closing sync.Once
	closed  chan struct{}

	mu      sync.Mutex // guards what the writer keeps
	resync  bool       // frames are dropped until a key frame comes
	dropped int
}

// Put takes a frame. It never waits: what cannot be sent as fast as it comes, or not at all (on hold), is dropped, up to
// the next picture that can be shown without those before.
func (m *Mirror) Put(f media.Frame) {
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
func (m *Mirror) Track() media.TrackInfo { return m.track }

// Read waits for the next frame. The caller's clock paces it.
func (m *Mirror) Read(ctx context.Context) (media.Frame, error) {
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
func (m *Mirror) ForceKeyFrame() { m.echo.askKey() }

// Close ends Read.
func (m *Mirror) Close() error {
	m.closing.Do(func() { close(m.closed) })
	return nil
}
