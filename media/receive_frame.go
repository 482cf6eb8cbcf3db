package media

import "time"

const (
	pendingMost = 256 // frames that wait for their key
	pendingSize = 4 << 20
	pendingTime = 2 * time.Second
)

// A pendingFrame came before its key.
type pendingFrame struct {
	data    []byte
	time    time.Duration
	missing int
	since   time.Time
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
	if len(r.pending) > 0 || !r.open(f.data, at, f.missing) {
		r.hold(f, at, now)
	}
}

// open opens one frame and delivers it. It reports false if there is no key for it yet.
func (r *receiver) open(data []byte, at time.Duration, missing int) bool {
	clear, sealed, key, ok := split(r.info.Kind, data)
	if !ok {
		r.failed(FailMalformed, missing)
		return true
	}
	plain, err := r.opener.Open(make([]byte, 0, len(sealed)), clear, sealed)
	if err != nil {
		why := r.conn.cfg.Classify(err) % numFailures
		if why == FailNoKey {
			return false
		}
		r.failed(why, missing)
		return true
	}
	r.deliver(Frame{Data: plain, Time: at, Key: key, Missing: r.lost + missing})
	return true
}

// split takes the clear bytes of a layout apart from the SFrame. There is no layout without an SFrame.
func split(kind Kind, data []byte) (clear, sealed []byte, key, ok bool) {
	if kind == Audio {
		return nil, data, true, len(data) > 0
	}
	if len(data) < 2 || data[0] > 1 {
		return nil, nil, false, false
	}
	return data[:1:1], data[1:], data[0] == 0, true
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
	if !r.sinkMade {
		r.sinkMade = true
		r.sink = r.conn.cfg.Sink(r.info)
	}
	if !r.opened {
		r.opened = true
		r.conn.notify(FirstFrame{MID: r.info.MID})
	}
	if r.sink == nil {
		return
	}
	if err := r.sink.WriteFrame(f); err != nil {
		r.closeSink()
		r.conn.notify(SinkFailed{MID: r.info.MID, Err: err})
	}
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
		size += len(p.data)
	}
	for len(r.pending) > 0 && (len(r.pending) >= pendingMost || size > pendingSize) {
		size -= len(r.pending[0].data)
		r.failed(FailNoKey, r.pending[0].missing)
		r.pending = r.pending[1:]
	}
	data := append([]byte(nil), f.data...)
	r.pending = append(r.pending, pendingFrame{data: data, time: at, missing: f.missing, since: now})
}

// retryPending opens what waited, in order, as far as keys have come.
func (r *receiver) retryPending(now time.Time) {
	for len(r.pending) > 0 {
		p := r.pending[0]
		if !r.open(p.data, p.time, p.missing) {
			if now.Sub(p.since) < pendingTime {
				return
			}
			r.failed(FailNoKey, p.missing)
		}
		r.pending = r.pending[1:]
	}
	r.pending = nil
}
