package sframe

// WindowSize is how far behind the highest counter seen a frame may be and still be opened, in frames.
const WindowSize = 1024

// window remembers which of the last WindowSize counters have been seen. Bit CTR mod WindowSize of seen stands for CTR.
// A nil window has seen nothing: memory is taken when the first authentic frame has come.
type window struct {
	highest uint64
	seen    [WindowSize / 64]uint64
}

// check says whether a frame with this counter may be opened. It changes nothing: the frame is not authenticated yet.
func (w *window) check(ctr uint64) error {
	switch {
	case w == nil || ctr > w.highest:
		return nil
	case w.highest-ctr >= WindowSize:
		return ErrTooOld
	case w.seen[ctr/64%uint64(len(w.seen))]&(1<<(ctr%64)) != 0:
		return ErrReplay
	}
	return nil
}

// mark records an authentic frame that check has passed.
func (w *window) mark(ctr uint64) {
	if ctr > w.highest {
		w.slide(ctr)
	}
	w.seen[ctr/64%uint64(len(w.seen))] |= 1 << (ctr % 64)
}

// slide moves the window up to ctr: the bits of the counters between stood for older ones.
func (w *window) slide(ctr uint64) {
	if ctr-w.highest >= WindowSize {
		w.seen = [WindowSize / 64]uint64{}
		w.highest = ctr
		return
	}
	for w.highest != ctr {
		w.highest++
		w.seen[w.highest/64%uint64(len(w.seen))] &^= 1 << (w.highest % 64)
	}
}
