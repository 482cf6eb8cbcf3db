package media

import (
	"errors"
	"slices"
	"time"
)

const (
	pendingMost = 256 // frames that wait for their key
	pendingSize = 4 << 20
	pendingTime = 2 * time.Second

	maxChanges = 8 // of the codec of a track
)

// A pendingFrame came before its key.
type pendingFrame struct {
	frame wholeFrame
	time  time.Duration
	since time.Time
}

// frame takes one frame in order. It is opened, or waits for its key, or is dropped and counted.
func (r *receiver) frame(f wholeFrame, now time.Time) {
	if !r.allowed.Load() {
		return
	}
	r.stats.frames.Add(1)
	r.stats.missing.Add(uint64(f.missing))
	if f.missing > 0 {
		r.wantKey()
	}
	at := r.clock.time(f.ts, now)
	if len(r.pending) > 0 || !r.open(f, at) {
		r.hold(f, at, now)
	}
}

// arrived takes a packet of sound at once, whatever is missing before it: the sink has a jitter buffer.
func (r *receiver) arrived(p *packet, now time.Time) {
	p.taken = true
	if len(p.payload) > 0 {
		r.frame(wholeFrame{data: p.payload, rule: p.rule, ts: p.ts}, now)
	}
}

// open opens one frame and delivers it. It reports false if there is no key for it yet.
func (r *receiver) open(f wholeFrame, at time.Duration) bool {
	if r.rule != f.rule {
		r.rule, r.layout = f.rule, f.rule.layout()
	}
	plain, key, err := r.layout.open(f, r.opener)
	if err != nil {
		why := FailMalformed
		if !errors.Is(err, errLayout) {
			why = r.conn.cfg.Classify(err) % numFailures
		}
		if why == FailNoKey {
			return false
		}
		r.failed(why, f.missing)
		return true
	}
	if !r.chooseSink() {
		r.failed(FailOther, f.missing)
		return true
	}
	if f.rule.red {
		r.deliverRED(f, plain, at)
	} else {
		r.deliver(Frame{Data: plain, Time: at, Key: key, Missing: r.lost + f.missing})
	}
	r.lastTS = f.ts
	return true
}

// failed counts a frame that is dropped. The peer is told nothing but, at a limited rate, that a key frame is wanted.
func (r *receiver) failed(why Failure, missing int) {
	r.stats.fails[why].Add(1)
	r.lost += missing + 1
	r.wantKey()
}

// deliver hands an opened frame to the sink.
func (r *receiver) deliver(f Frame) {
	r.lost = 0
	r.stats.opened.Add(1)
	if f.Key && r.info.Kind == Video {
		r.stats.keys.Add(1)
		r.wanted.need = false
	} else if !r.opened {
		r.wantKey()
	}
	if !r.opened {
		r.opened = true
		r.wanted = keyRequest{need: r.wanted.need} // there was no use in asking while there was no key
		r.conn.notify(FirstFrame{MID: r.info.MID})
	}
	r.hand(f)
}

// hand gives a frame to the sink.
func (r *receiver) hand(f Frame) {
	if r.sink == nil {
		return
	}
	if r.prompt {
		f.Missing = 0
	}
	if err := r.sink.WriteFrame(f); err != nil {
		r.closeSink()
		r.conn.notify(SinkFailed{MID: r.info.MID, Err: err})
	}
}

// chooseSink makes the sink when the first frame was opened, and another one when the codec is another. It reports false for
// a peer that changes it again and again: a sink may be a file.
func (r *receiver) chooseSink() bool {
	if r.sinkMade && r.track().Codec == r.rule.codec {
		return true
	}
	if r.sinkMade {
		if r.changes == maxChanges {
			return false
		}
		r.changes++
	}
	r.closeSink()
	r.codec.Store(r.rule)
	r.sinkMade, r.sink = true, r.conn.cfg.Sink(r.track())
	p, ok := r.sink.(PromptSink)
	r.prompt = ok && r.info.Kind == Audio && p.Prompt()
	r.clock.keep(r.prompt)
	return true
}

// closeSink closes the sink once.
func (r *receiver) closeSink() {
	if r.sink == nil {
		return
	}
	if err := r.sink.Close(); err != nil {
		r.conn.notify(SinkFailed{MID: r.info.MID, Err: err})
	}
	r.sink = nil
}

// hold keeps a frame until its key is there. The oldest goes first when there are too many.
func (r *receiver) hold(f wholeFrame, at time.Duration, now time.Time) {
	size := len(f.data)
	for _, p := range r.pending {
		size += len(p.frame.data)
	}
	for len(r.pending) > 0 && (len(r.pending) >= pendingMost || size > pendingSize) {
		size -= len(r.pending[0].frame.data)
		r.failed(FailNoKey, r.pending[0].frame.missing)
		r.pending = r.pending[1:]
	}
	f.data, f.ends = slices.Clone(f.data), slices.Clone(f.ends)
	r.pending = append(r.pending, pendingFrame{frame: f, time: at, since: now})
}

// retryPending opens what waited, in order, as far as keys have come.
func (r *receiver) retryPending(now time.Time) {
	for len(r.pending) > 0 {
		p := r.pending[0]
		if !r.open(p.frame, p.time) {
			if now.Sub(p.since) < pendingTime {
				return
			}
			r.failed(FailNoKey, p.frame.missing)
		}
		r.pending = r.pending[1:]
	}
	r.pending = nil
}
