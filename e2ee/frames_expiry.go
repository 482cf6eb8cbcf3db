package e2ee

import (
	"maps"
	"time"
)

// dropLeaf refuses the leaf's frames of epochs up to this one.
func (f *Frames) dropLeaf(leaf uint32, last uint64) {
	old := f.view.Load()
	view := &frameView{epochs: old.epochs, streams: maps.Clone(old.streams), dropped: maps.Clone(old.dropped)}
	if view.dropped == nil {
		view.dropped = make(map[uint32]uint64)
	}
	view.dropped[leaf] = last
	delete(view.streams, leaf)
	f.view.Store(view)
	for at, o := range f.openers {
		if at.leaf == leaf {
			o.forgetAll()
		}
	}
}

func (v *frameView) isDropped(leaf uint32, epoch uint64) bool {
	last, dropped := v.dropped[leaf]
	return dropped && epoch <= last
}

// Expire destroys the keys of epochs whose time is over at now: 10 seconds after the next epoch was installed, 2 seconds
// after a removal. The newest epoch stays. Call it again and again: package call does each second.
func (f *Frames) Expire(now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.keepEpochs(func(e *frameEpoch) bool { return e.deadline.IsZero() || now.Before(e.deadline) })
	f.publish()
}

// NextExpiry is the earliest time at which Expire has something to do, if there is one, for who sets a timer instead.
func (f *Frames) NextExpiry() (at time.Time, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range f.epochs {
		if !e.deadline.IsZero() && (!ok || e.deadline.Before(at)) {
			at, ok = e.deadline, true
		}
	}
	return at, ok
}
