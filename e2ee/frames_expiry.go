package e2ee

import (
	"maps"
	"time"
)

// DropLeaf drops the member at this leaf: its frames are refused from now on in every epoch that is installed, and its
// streams are forgotten. Once the next epoch is installed the old ones have 2 seconds. Install does the same by itself for
// leaves that its epoch has no more; DropLeaf is for acting before the Commit is there.
func (f *Frames) DropLeaf(leaf uint32) {
	f.mu.Lock()
	defer f.mu.Unlock()
	newest := f.newest()
	if newest == nil {
		return
	}
	f.dropLeaf(leaf, newest.number)
	f.hasten(leaf, f.clock())
	f.publish()
}

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

// Acknowledged says that every member has acknowledged this epoch. If a member was removed on the way to it, no one who
// remains sends with the keys before, so they go at once.
func (f *Frames) Acknowledged(epoch uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.keepEpochs(func(e *frameEpoch) bool { return e.number >= epoch || !e.removal })
	f.publish()
}

// Expire destroys the keys of epochs whose time is over at now: 10 seconds after the next epoch was installed, 2 seconds
// after a removal. The newest epoch stays. NextExpiry says when to call it.
func (f *Frames) Expire(now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.keepEpochs(func(e *frameEpoch) bool { return e.deadline.IsZero() || now.Before(e.deadline) })
	f.publish()
}

// NextExpiry is the earliest time at which Expire has something to do, if there is one.
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
