package main

import (
	"cmp"
	"slices"
	"time"

	"github.com/sotto-calls/sotto/media"
)

const (
	repairTime = 800 * time.Millisecond  // by which what is sent again has come, or does not come
	mostHeld   = 64                      // frames: a sender decides about their times
	nearest    = time.Millisecond        // that two frames may be, as where a clock was set back
	shortest   = 2500 * time.Microsecond // of the frames of Opus
)

// An order puts frames of sound, which come as they arrive, back in the order of their times: a mixer wants them at once, a
// file in order. A frame that follows the last one goes on at once; those behind a hole wait until frames have come that are
// later by repairTime.
type order struct {
	held  []media.Frame // by their times
	begun bool
	last  time.Duration // of the frame that went on last
	step  time.Duration // from one frame to the next; 0: not known yet
}

// add takes a frame and returns those whose turn has come. One that comes too late, or twice, is dropped. Where the times have
// gone back by more than that, the sender has begun anew: what it sends follows what is there.
func (o *order) add(f media.Frame) (due []media.Frame) {
	if o.begun && f.Time < o.last+nearest {
		if o.last-f.Time < 2*repairTime {
			return nil
		}
		due = o.rest()
		o.begun = false
	}
	at, twin := slices.BinarySearchFunc(o.held, f, func(a, b media.Frame) int { return cmp.Compare(a.Time, b.Time) })
	if twin {
		return due
	}
	o.held = slices.Insert(o.held, at, f)
	newest := o.held[len(o.held)-1].Time
	for len(o.held) > 0 && (!o.hole(o.held[0]) || newest-o.held[0].Time >= repairTime || len(o.held) > mostHeld) {
		due = append(due, o.next())
	}
	return due
}

// rest returns what waits.
func (o *order) rest() (due []media.Frame) {
	for len(o.held) > 0 {
		due = append(due, o.next())
	}
	return due
}

// hole reports whether something is missing between the last frame and f.
func (o *order) hole(f media.Frame) bool {
	return o.begun && o.step > 0 && f.Time-o.last > o.step*3/2
}

// next takes the first frame, and notes what is missing before it.
func (o *order) next() media.Frame {
	f := o.held[0]
	o.held = slices.Delete(o.held, 0, 1)
	if o.hole(f) {
		f.Missing = int((f.Time-o.last+o.step/2)/o.step) - 1
	}
	if step := f.Time - o.last; o.begun && step >= shortest && (o.step == 0 || step < o.step) {
		o.step = step
	}
	o.begun, o.last = true, f.Time
	return f
}
