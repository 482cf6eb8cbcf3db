package calltest

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"sync"
	"time"

	"github.com/sotto-calls/sotto/media"
)

// Marked is a source whose frames can be told from all others: a marker, a number, and the marker again and again. No
// decoder wants them. Nobody but the receiver should ever find the marker.
type Marked struct {
	marker []byte
	track  media.TrackInfo
	every  time.Duration

	mu     sync.Mutex
	start  time.Time
	next   int
	closed chan struct{}
	once   sync.Once
}

// NewMarked returns a source of one kind without an end: 25 pictures or 50 sounds a second.
func NewMarked(k media.Kind, marker string) *Marked {
	m := &Marked{marker: []byte(marker), every: 40 * time.Millisecond, closed: make(chan struct{}),
		track: media.TrackInfo{Kind: media.Video, Codec: media.VP8, ClockRate: 90000, Label: "camera"}}
	if k == media.Audio {
		m.every = 20 * time.Millisecond
		m.track = media.TrackInfo{Kind: media.Audio, Codec: media.Opus, ClockRate: 48000, Channels: 2, Label: "microphone"}
	}
	return m
}

// Track describes the source.
func (m *Marked) Track() media.TrackInfo { return m.track }

// Read returns the next frame when it is due.
func (m *Marked) Read(ctx context.Context) (media.Frame, error) {
	m.mu.Lock()
	if m.start.IsZero() {
		m.start = time.Now()
	}
	n, start := m.next, m.start
	m.next++
	m.mu.Unlock()
	due := time.Duration(n) * m.every
	select {
	case <-time.After(time.Until(start.Add(due))):
	case <-m.closed:
		return media.Frame{}, io.EOF
	case <-ctx.Done():
		return media.Frame{}, ctx.Err()
	}
	return media.Frame{Data: frame(m.marker, n, m.track.Kind), Time: due, Duration: m.every, Key: true}, nil
}

// Close ends the source.
func (m *Marked) Close() error {
	m.once.Do(func() { close(m.closed) })
	return nil
}

// frame is the nth one of a marked source.
func frame(marker []byte, n int, k media.Kind) []byte {
	size := 1500 // more than one packet
	if k == media.Audio {
		size = 90
	}
	b := binary.BigEndian.AppendUint32(bytes.Clone(marker), uint32(n))
	for len(b) < size {
		b = append(b, marker...)
	}
	return b
}

// A Tally is where the frames of a marked source go. It knows each of them and counts what is not as it was sent.
type Tally struct {
	marker []byte
	change chan struct{} // holds a value after each frame

	mu     sync.Mutex
	counts TallyCounts
	last   map[media.Kind]int
}

// TallyCounts say what a Tally was given.
type TallyCounts struct {
	Sound, Pictures int // frames as they were sent, each once, in order
	Forged          int // frames that the source never sent
	Again           int // frames that had come before, or out of order
}

// NewTally returns a Tally of frames with this marker.
func NewTally(marker string) *Tally {
	return &Tally{marker: []byte(marker), change: make(chan struct{}, 1), last: map[media.Kind]int{media.Audio: -1, media.Video: -1}}
}

// Track is for call.Media.Receive.
func (t *Tally) Track(info media.TrackInfo) media.Sink { return tallied{t, info.Kind} }

// Counts is a snapshot.
func (t *Tally) Counts() TallyCounts {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.counts
}

func (t *Tally) take(k media.Kind, b []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := -1
	if head := len(t.marker); len(b) >= head+4 {
		n = int(binary.BigEndian.Uint32(b[head:]))
	}
	switch {
	case !bytes.Equal(b, frame(t.marker, n, k)):
		t.counts.Forged++
	case n <= t.last[k]:
		t.counts.Again++
	case k == media.Audio:
		t.counts.Sound++
		t.last[k] = n
	default:
		t.counts.Pictures++
		t.last[k] = n
	}
	select {
	case t.change <- struct{}{}:
	default:
	}
}

type tallied struct {
	tally *Tally
	kind  media.Kind
}

// WriteFrame counts.
func (s tallied) WriteFrame(f media.Frame) error {
	s.tally.take(s.kind, f.Data)
	return nil
}

func (tallied) Close() error { return nil }
