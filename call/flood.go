package call

import (
	"sync/atomic"

	"github.com/sotto-calls/sotto/media"
)

// A flood bounds what the other side can make us keep in a queue that is not bounded itself.
type flood struct{ held atomic.Int64 }

// in takes n more, unless that would be more than limit.
func (f *flood) in(n, limit int) bool {
	if f.held.Add(int64(n)) > int64(limit) {
		f.held.Add(-int64(n))
		return false
	}
	return true
}

// add takes n more, whatever the limit.
func (f *flood) add(n int) { f.held.Add(int64(n)) }

func (f *flood) out(n int) { f.held.Add(-int64(n)) }

// Bounds on what the other side of a call may have waiting here.
const (
	maxWaiting = 512         // messages of the data channel that the loop has not taken
	maxKept    = 16 << 20    // bytes of events that the application has not taken: then messages, mutes and holds are dropped
	maxTracks  = 2 * maxKept // the same: then no offer is worked on, which could bring tracks or end them
)

// weight is what an event that the other side can cause costs to keep, in bytes; 0 for all others.
func weight(e Event) int {
	const each = 256
	switch e := e.(type) {
	case Message:
		return each + len(e.Data)
	case MuteChanged, HoldChanged, TrackAdded, TrackEnded:
		return each
	}
	return 0
}

// tell emits an event by the other side's will, unless too many of them wait already.
func (l *loop) tell(e Event) error {
	if !l.call.kept.in(weight(e), maxKept) {
		return errBadMessage
	}
	l.call.events.Put(e)
	return nil
}

// emit emits an event that is never dropped.
func (l *loop) emit(e Event) {
	l.call.kept.add(weight(e))
	l.call.events.Put(e)
}

// overfull says that the application has left so much that nothing may be added even of what is never dropped. What waits for
// that is not lost: the other side repeats it.
func (c *Call) overfull() bool { return c.kept.held.Load() >= maxTracks }

// notify takes the events of the connection. It never blocks.
func (c *Call) notify(e media.ConnEvent) {
	if _, ok := e.Event.(media.MessageReceived); ok && !c.unread.in(1, maxWaiting) {
		c.change(func(v *view) { v.dropped++ })
		return
	}
	c.post(e)
}
