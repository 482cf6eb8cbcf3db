package lossy

import (
	"sync"
	"time"
)

// Freezes measures a picture's freezes as browsers do: a pause between two frames is one when it is longer than three
// times the average of the 30 pauses before, and than that average and 150 ms (W3C, Identifiers for WebRTC's Statistics
// API, freezeCount). The zero value is ready.
type Freezes struct {
	mu     sync.Mutex
	last   time.Time
	pauses []time.Duration
	total  Freeze
}

// A Freeze is what a Freezes has seen.
type Freeze struct {
	Frames  int           `json:"frames"`
	Freezes int           `json:"freezes"`
	Frozen  time.Duration `json:"-"`
	Millis  int64         `json:"frozen"` // Frozen in ms
}

const window = 30

// Frame says that a frame came out at this time.
func (f *Freezes) Frame(at time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.total.Frames++
	pause := at.Sub(f.last)
	f.last = at
	if f.total.Frames == 1 {
		return
	}
	if len(f.pauses) == window && f.long(pause) {
		f.total.Freezes++
		f.total.Frozen += pause
	}
	f.pauses = append(f.pauses, pause)
	if len(f.pauses) > window {
		f.pauses = f.pauses[1:]
	}
}

// long reports whether a pause is long by those before, of which there is one at least.
func (f *Freezes) long(pause time.Duration) bool {
	var sum time.Duration
	for _, p := range f.pauses {
		sum += p
	}
	mean := sum / time.Duration(len(f.pauses))
	return pause >= max(3*mean, mean+150*time.Millisecond)
}

// Total is what was seen up to this time. A freeze that goes on counts already, however few frames came before: browsers
// leave it until it is over, so that a picture that stands still for good would be none.
func (f *Freezes) Total(at time.Time) Freeze {
	f.mu.Lock()
	defer f.mu.Unlock()
	t := f.total
	if pause := at.Sub(f.last); len(f.pauses) > 0 && f.long(pause) {
		t.Freezes++
		t.Frozen += pause
	}
	t.Millis = t.Frozen.Milliseconds()
	return t
}
