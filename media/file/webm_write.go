package file

import (
	"errors"
	"fmt"
	"io"
	"math"
	"sync"
	"time"

	"github.com/sotto-calls/sotto/media"
)

// clusterSpan is how long a cluster is when no key frame begins another.
const clusterSpan = 5 * time.Second

// A WebMWriter writes VP8 and Opus tracks into one WebM file on one clock, as their frames come. Each block is written at
// once, so a program that dies leaves a readable file. Close fills in sizes and duration where the writer is an
// io.WriterAt; there is no index (cues).
//
// Its tracks' sinks may be used by one goroutine each.
type WebMWriter struct {
	mu       sync.Mutex
	out      output
	tracks   []*webmTrack
	buf      []byte
	segment  int64 // where the segment's content begins
	duration int64 // where the duration goes
	cluster  int64 // where the open cluster's content begins; 0: none is open
	start    time.Duration
	open     int // sinks not closed
}

// NewWebMWriter returns a writer to w, which it takes over: closing the last sink closes w if that is an io.Closer. Each
// track is VP8 or Opus. If w is no io.WriterAt, give Width, Height and Channels; else the first frames tell.
func NewWebMWriter(w io.Writer, tracks ...media.TrackInfo) (*WebMWriter, error) {
	m := &WebMWriter{out: output{w: w}, open: len(tracks)}
	for i, t := range tracks {
		if t.Codec != media.VP8 && t.Codec != media.Opus {
			return nil, fmt.Errorf("file: a WebM file here has no %q", t.Codec)
		}
		t.Kind = media.Audio
		if t.Codec == media.VP8 {
			t.Kind = media.Video
		}
		m.tracks = append(m.tracks, &webmTrack{info: t, number: i + 1})
	}
	if len(tracks) == 0 || len(tracks) > 100 {
		return nil, errors.New("file: a WebM file has 1 to 100 tracks")
	}
	return m, nil
}

// Sink takes the frames of the track with this index.
func (m *WebMWriter) Sink(track int) media.Sink { return &webmSink{m: m, track: m.tracks[track]} }

type webmSink struct {
	m      *WebMWriter
	track  *webmTrack
	closed bool
}

func (s *webmSink) WriteFrame(f media.Frame) error {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	if s.closed {
		return errClosed
	}
	return s.m.write(s.track, f)
}

func (s *webmSink) Close() error {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	if s.m.open--; s.m.open > 0 {
		return nil
	}
	return s.m.finish()
}

// Close ends the file, whether or not its sinks are closed. It is idempotent.
func (m *WebMWriter) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.finish()
}

// write appends a frame as a block, with a new cluster before it where one is due.
func (m *WebMWriter) write(t *webmTrack, f media.Frame) error {
	if err := checkFrame(&m.out, t.info.Codec, f); err != nil {
		return err
	}
	changed := t.learn(f)
	m.buf = m.buf[:0]
	if m.out.size == 0 {
		m.header()
		changed = false
	}
	cluster := m.cluster
	if m.due(t, f) {
		cluster = m.beginCluster(f.Time)
	}
	m.block(t, f)
	if err := m.out.reserve(len(m.buf)); err != nil {
		return err
	}
	if cluster != m.cluster {
		if err := m.endCluster(); err != nil {
			return err
		}
	}
	if err := m.out.write(m.buf); err != nil {
		return err
	}
	m.cluster = cluster
	t.used = true
	t.end = max(t.end, f.Time+f.Duration)
	if changed {
		return m.out.patch(t.entry(), t.at)
	}
	return nil
}

func (m *WebMWriter) header() {
	m.buf = append(m.buf, webmHeader()...)
	m.segment = int64(len(m.buf))
	m.buf = append(m.buf, webmInfo()...)
	m.duration = int64(len(m.buf)) - 11
	var entries []byte
	for _, t := range m.tracks {
		e := t.entry()
		t.at, t.size = int64(len(entries)), len(e)
		entries = append(entries, e...)
	}
	m.buf = appendElement(m.buf, idTracks, entries)
	for _, t := range m.tracks {
		t.at += int64(len(m.buf) - len(entries))
	}
}

// due reports whether a cluster begins with this frame.
func (m *WebMWriter) due(t *webmTrack, f media.Frame) bool {
	span := f.Time - m.start
	return m.cluster == 0 || t.info.Kind == media.Video && f.Key || span > clusterSpan || span < -clusterSpan
}

// beginCluster returns where the new cluster's content will lie.
func (m *WebMWriter) beginCluster(at time.Duration) int64 {
	m.start = at.Round(time.Millisecond)
	m.buf = appendID(m.buf, idCluster)
	m.buf = append(m.buf, size8(unknownSize)...)
	content := m.out.size + int64(len(m.buf))
	m.buf = appendUint(m.buf, idTimestamp, uint64(m.start.Milliseconds()))
	return content
}

// endCluster writes the size of the open cluster.
func (m *WebMWriter) endCluster() error {
	if m.cluster == 0 {
		return nil
	}
	at := m.cluster
	m.cluster = 0
	return m.out.patch(size8(m.out.size-at), at-8)
}

func (m *WebMWriter) block(t *webmTrack, f media.Frame) {
	rel := (f.Time - m.start).Round(time.Millisecond).Milliseconds()
	rel = min(max(rel, math.MinInt16, -m.start.Milliseconds()), math.MaxInt16)
	flags := byte(0)
	if f.Key || t.info.Kind == media.Audio {
		flags = 0x80
	}
	m.buf = appendID(m.buf, idSimpleBlock)
	m.buf = appendSize(m.buf, 4+len(f.Data))
	m.buf = append(m.buf, 0x80|byte(t.number), byte(uint16(rel)>>8), byte(rel), flags)
	m.buf = append(m.buf, f.Data...)
}

// finish fills in what is known at the end: sizes, the duration, and that a track without a frame is none.
func (m *WebMWriter) finish() error {
	if m.out.closed {
		return nil
	}
	var errs []error
	if m.out.size > 0 {
		var end time.Duration
		for _, t := range m.tracks {
			end = max(end, t.end)
			if !t.used {
				errs = append(errs, m.out.patch(void(t.size), t.at))
			}
		}
		ms := float64(end) / float64(time.Millisecond)
		errs = append(errs, m.endCluster(),
			m.out.patch(appendFloat(nil, idDuration, ms), m.duration),
			m.out.patch(size8(m.out.size-m.segment), m.segment-8))
	}
	return errors.Join(append(errs, m.out.close())...)
}
