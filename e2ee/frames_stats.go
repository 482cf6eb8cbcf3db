package e2ee

import "sync/atomic"

// FrameStats counts frames since the call began, each reason to drop one apart.
type FrameStats struct {
	Sealed      uint64 // frames sealed
	Refused     uint64 // frames that could not be sealed, mostly for want of a key
	EpochFrames uint64 // frames of the busiest stream under the present sending keys: they are renewed at 2^24

	Opened     uint64 // frames opened
	Malformed  uint64 // not an SFrame: plaintext, too short, a header that is not minimal
	NoEpoch    uint64 // of an epoch without keys: not yet, not any more, or never
	Reflected  uint64 // in our own name
	BlankLeaf  uint64 // of a leaf where no member is
	Removed    uint64 // of a member that was removed
	WrongLeaf  uint64 // of another member than the one at the connection's other end
	Undeclared uint64 // of a stream that was not declared
	WrongMID   uint64 // of a stream of another media section
	Replayed   uint64 // opened before
	TooOld     uint64 // more than 1024 frames behind
	Forged     uint64 // not authentic
	Busy       uint64 // refused because two goroutines used one opener
}

// Stats is a snapshot. Frames that are being sealed or opened just now may be missing in it.
func (f *Frames) Stats() FrameStats {
	f.mu.Lock()
	defer f.mu.Unlock()
	var st FrameStats
	for _, s := range f.sealers {
		sealed := s.sealed.Load()
		st.Sealed += sealed
		st.Refused += s.refused.Load()
		st.EpochFrames = max(st.EpochFrames, sealed-s.before.Load())
	}
	for _, o := range f.openers {
		st.Opened += o.opened.Load()
		st.addDropped(&o.dropped)
	}
	return st
}

func (st *FrameStats) addDropped(by *[drops]atomic.Uint64) {
	for why, count := range map[drop]*uint64{
		dropMalformed: &st.Malformed, dropNoEpoch: &st.NoEpoch, dropReflected: &st.Reflected, dropBlank: &st.BlankLeaf,
		dropRemoved: &st.Removed, dropWrongLeaf: &st.WrongLeaf, dropUndeclared: &st.Undeclared, dropWrongMID: &st.WrongMID,
		dropReplayed: &st.Replayed, dropTooOld: &st.TooOld, dropForged: &st.Forged, dropBusy: &st.Busy,
	} {
		*count += by[why].Load()
	}
}

// Dropped is how many frames that arrived were not opened.
func (st FrameStats) Dropped() uint64 {
	return st.Malformed + st.NoEpoch + st.Reflected + st.BlankLeaf + st.Removed + st.WrongLeaf + st.Undeclared +
		st.WrongMID + st.Replayed + st.TooOld + st.Forged + st.Busy
}
