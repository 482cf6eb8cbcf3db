package pcm

// A runOut lets sound that stops in the middle of a wave come down to silence within 5 ms instead of at once, which would
// click.
type runOut struct {
	channels int
	length   int    // of the way down, samples a channel
	left     int    // of it
	from     [2]int // the last samples that were said, a channel each
}

func newRunOut(f Format) runOut {
	return runOut{channels: f.Channels, length: f.Samples(fadeOut) / f.Channels}
}

// fill completes a frame of which the first n values are said.
func (r *runOut) fill(frame []int16, n int) {
	if n > 0 {
		for c := range r.channels {
			r.from[c] = int(frame[n-r.channels+c])
		}
		r.left = r.length
	}
	for i := n; i < len(frame); i += r.channels {
		r.left = max(r.left-1, 0)
		for c := range r.channels {
			frame[i+c] = int16(r.from[c] * r.left / r.length)
		}
	}
}
