package media

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

const (
	keyWait     = 2 * time.Second        // how long a frame waits for a send key
	keyPoll     = 5 * time.Millisecond   // how often the sealer is asked meanwhile
	keyInterval = 300 * time.Millisecond // at most one forced key frame per
	resyncAfter = 50 * time.Millisecond  // a source that stood still for longer does not drift against the others
)

// A sender reads one source, seals its frames and writes them to the section's track. One goroutine runs it.
type sender struct {
	conn   *Conn
	sealer Sealer
	layout layout
	track  *localTrack
	gate   *gate
	stop   context.CancelFunc

	mu      sync.Mutex
	info    StreamInfo
	source  Source
	fresh   bool // the source was replaced, or paused: look at the clock again
	muted   bool
	resting bool // muted or on hold, as the source was told
	ended   bool
	refused bool // the peer does not take the codec
	over    bool // the stream was removed, or the connection closes
	lastKey time.Time
	swapped chan struct{}

	// Used by the goroutine alone.
	sealed []byte
	red    redWriter
	clock  *sendClock // but for reading

	stats struct{ frames, keys, nacks, plis, lost atomic.Uint64 }
	fails [numFailures]atomic.Uint64
	acked atomic.Uint32 // highest sequence number that the peer reports, extended
}

// run is the goroutine. It ends with ctx.
func (s *sender) run(ctx context.Context) {
	for {
		read, err := s.gate.enter(ctx)
		if err != nil {
			return
		}
		source, err := s.pump(read)
		s.gate.leave()
		if ctx.Err() != nil {
			return
		}
		if err == nil { // muted, on hold or replaced
			s.mu.Lock()
			s.fresh = true
			s.mu.Unlock()
			continue
		}
		if !s.sourceEnded(ctx, source, err) {
			return
		}
	}
}

// pump moves frames until the gate closes (nil) or the source, which it returns, ends or fails.
func (s *sender) pump(ctx context.Context) (Source, error) {
	for {
		s.mu.Lock()
		source := s.source
		s.mu.Unlock()
		f, err := source.Read(ctx)
		if err != nil {
			if ctx.Err() != nil || s.replaced(source) {
				return source, nil
			}
			return source, err
		}
		if ctx.Err() != nil { // the source was slower than whoever muted or replaced it, or does not look at ctx at all
			s.leftOut()
			return source, nil
		}
		s.frame(ctx, f)
	}
}

// leftOut asks for a key frame, since what comes next builds on a frame that is not sent.
func (s *sender) leftOut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if k, ok := s.source.(KeyFramer); ok && s.track.kind == Video {
		k.ForceKeyFrame()
	}
}

// replaced reports whether source is no longer the one to read.
func (s *sender) replaced(source Source) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.source != source
}

// quiet reports whether nothing of this stream is on its way, and nothing will be: it ended, or is not wanted now.
func (s *sender) quiet(wanted bool) bool {
	s.mu.Lock()
	done := s.ended || s.muted
	s.mu.Unlock()
	return s.gate.rests() && (done || !wanted)
}

// sourceEnded tells the owner and waits for another source, if that has not come already.
func (s *sender) sourceEnded(ctx context.Context, source Source, err error) bool {
	if errors.Is(err, io.EOF) {
		err = nil
	}
	s.mu.Lock()
	if s.source != source {
		s.mu.Unlock()
		return true
	}
	s.ended = true
	swapped := s.swapped
	s.mu.Unlock()
	info := s.stream()
	s.conn.notify(SourceEnded{Ctx: info.Ctx, MID: info.MID, Err: err})
	s.conn.progress.wake()
	select {
	case <-swapped:
		return true
	case <-ctx.Done():
		return false
	}
}

// frame lays one frame out, seals it and sends it. There is no other way out for a frame than through the sealer.
func (s *sender) frame(ctx context.Context, f Frame) {
	s.mu.Lock()
	fresh := s.fresh
	s.fresh = false
	s.mu.Unlock()
	elapsed := s.clock.at(s.conn.elapsed(), s.conn.origin(), f.Time, fresh)
	ts := s.clock.timestamp(elapsed, s.track.rate())

	if inner := s.track.inner.Load(); inner != 0 {
		f.Data = s.red.wrap(f.Data, ts, uint8(inner))
	}
	var err error
	if s.sealed, err = s.seal(ctx, s.sealed[:0], f); err != nil {
		s.fails[s.conn.cfg.Classify(err)%numFailures].Add(1)
		return
	}
	if s.track.kind == Audio && len(s.sealed) > maxSound {
		s.fails[FailOther].Add(1)
		s.conn.log.Warn("an audio frame is too large for a packet: lower the bitrate or the frame's duration", "bytes", len(f.Data))
		return
	}
	if ctx.Err() != nil { // muted while the key was waited for
		s.leftOut()
		return
	}
	if s.clock.unreported() { // the peer lines the tracks up by it, so it comes before the first packet
		s.conn.reportNow()
	}
	if err := s.track.send(s.sealed, ts, f.Key); err != nil {
		s.conn.log.Debug("frame not sent", "error", err)
	}
	s.stats.frames.Add(1)
	if f.Key && s.track.kind == Video {
		s.stats.keys.Add(1)
	}
}

// seal waits for the key where there is none yet.
func (s *sender) seal(ctx context.Context, dst []byte, f Frame) ([]byte, error) {
	out, err := s.layout.seal(dst, f, s.sealer)
	if err == nil || s.conn.cfg.Classify(err) != FailNoKey {
		return out, err
	}
	give := time.NewTimer(keyWait)
	defer give.Stop()
	poll := time.NewTicker(keyPoll)
	defer poll.Stop()
	for {
		select {
		case <-poll.C:
			out, err = s.layout.seal(dst, f, s.sealer)
			if err == nil || s.conn.cfg.Classify(err) != FailNoKey {
				return out, err
			}
		case <-give.C:
			return dst, err
		case <-ctx.Done():
			return dst, err
		}
	}
}
